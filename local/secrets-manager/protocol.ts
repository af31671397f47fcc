import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { credentialError } from '../aws-key.ts';
import { ServiceError } from './errors.ts';

/** A request of the AWS JSON 1.1 protocol, understood as far as the protocol goes. */
export interface Call {
  operation: string;
  /** The region that the client signed for; the signature itself is not checked. */
  region: string;
  body: unknown;
}

/** What the protocol's bodies are. */
export const mediaType = 'application/x-amz-json-1.1';

/** The largest value, written as JSON escapes, and room for the other members. */
const MAX_BODY = 1_048_576;

/** Reads a call that names the access key, any if it is undefined. Throws MissingAuthenticationTokenException, UnrecognizedClientException, UnknownOperationException or SerializationException. */
export async function readCall(request: IncomingMessage, accessKeyId: string | undefined): Promise<Call> {
  const error = accessKeyId === undefined ? undefined : credentialError(request.headers.authorization, accessKeyId);
  if (error !== undefined) throw new ServiceError(error.type, error.message);
  const operation = /^secretsmanager\.(\w+)$/.exec(String(request.headers['x-amz-target']))?.[1];
  if (request.method !== 'POST' || request.url !== '/' || operation === undefined) {
    throw new ServiceError('UnknownOperationException', 'The request names no operation of this service.');
  }
  const scope = /Credential=[^/,\s]+\/\d+\/([a-z0-9-]+)\//.exec(request.headers.authorization ?? '');
  return { operation, region: scope?.[1] ?? 'us-east-1', body: parse(await text(request)) };
}

/** Answers with a JSON body. */
export function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': mediaType,
    'x-amzn-RequestId': randomUUID(),
  });
  response.end(JSON.stringify(body));
}

/** Answers with an error; whatever is not a ServiceError becomes the service's own failure, and shows nothing of itself. */
export function answerError(response: ServerResponse, error: unknown): void {
  const shown =
    error instanceof ServiceError
      ? error
      : new ServiceError('InternalServiceError', 'An error occurred on the server side.');
  answer(response, shown.status, errorBody(shown));
}

/** The body of an error. */
export function errorBody({ type, message }: ServiceError): object {
  return { __type: type, Message: message };
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new ServiceError('SerializationException', 'The request is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new ServiceError('SerializationException', 'The request is not JSON.');
  }
}
