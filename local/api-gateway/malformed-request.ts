import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { refusal, type RefusalStatus } from './refusal.ts';

/** Answers bytes that Node could not parse as a request, or that came too slowly, and ends the connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, requestId: string): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { statusCode, headers, body } = refusal(statusOf(error));
  const all = [...headers, ['apigw-requestid', requestId], ['content-length', body.length], ['connection', 'close']];
  const head = [
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
    ...all.map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body.toString()}`);
}

function statusOf(error: NodeJS.ErrnoException): RefusalStatus {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 431;
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}
