import type { HttpResponse } from './http-response.ts';

const MESSAGES = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

/** A status that the gateway itself answers with. */
export type RefusalStatus = keyof typeof MESSAGES;

/** Makes the answer that the gateway itself gives when no function's answer can be given. */
export function refusal(statusCode: RefusalStatus): HttpResponse {
  return {
    statusCode,
    headers: [['content-type', 'application/json']],
    body: Buffer.from(JSON.stringify({ message: MESSAGES[statusCode] })),
  };
}
