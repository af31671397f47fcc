import { env } from '../config/env.ts';
import { deadline } from '../transport/deadline.ts';
import { dispatch } from '../transport/dispatcher.ts';
import { signerOf } from './sign.ts';

/** An AWS service with a JSON protocol. */
export interface JsonService {
  /** The service's name in signatures and in its host name. */
  name: 'secretsmanager' | 'dynamodb';
  /** The prefix of the operation in `X-Amz-Target`. */
  target: string;
  contentType: string;
  /** The timeout of an attempt, including the connection, in milliseconds. */
  attemptTime: number;
}

/** Calls an operation and returns its output. Throws AwsError for an error response, and the connection's error without a response. */
export type CallService = (operation: string, input: object) => Promise<Readonly<Record<string, unknown>>>;

/** The timeouts of connections to AWS services, in milliseconds. */
export const connections = { connectTimeout: 1_000, keepAlive: 20_000 };
/** The maximum delay before the second attempt, in milliseconds, as in the SDK. */
const maxDelay = { failed: 50, throttled: 1_000 };

/**
 * Returns a function that calls a service with up to two attempts, because repeating a read or a conditional write is harmless. Loads in a fraction
 * of the SDK's time.
 */
export function jsonService({ name, target, contentType, attemptTime }: JsonService): CallService {
  const sign = signerOf(name);
  let endpoint: URL | undefined;
  return async (operation, input) => {
    endpoint ??= env.awsEndpoint(name);
    const { origin } = endpoint;
    const body = JSON.stringify(input);
    const headers = sign(endpoint, body, { 'content-type': contentType, 'x-amz-target': `${target}.${operation}` });
    const attempt = async () => {
      // undici's own timeouts have a resolution of a second.
      const { signal, release } = deadline(attemptTime);
      const request = { method: 'POST', path: '/', headers, body, signal } as const;
      const { status, text } = await dispatch(origin, connections, request).finally(release);
      return readOutput(status, text);
    };
    return attempt().catch(async (error: unknown) => {
      const delay = maxDelayAfter(error);
      if (delay === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * delay));
      return attempt();
    });
  };
}

/** Returns the maximum delay before a second attempt, or undefined for an error that is not retried. */
function maxDelayAfter(error: unknown): number | undefined {
  if (!(error instanceof AwsError)) return maxDelay.failed; // There was no complete response.
  if (error.status === 429 || throttles.has(error.name)) return maxDelay.throttled;
  return [500, 502, 503, 504].includes(error.status) ? maxDelay.failed : undefined;
}

/** The names of throttling errors of both services. */
const throttles = new Set([
  'ThrottlingException',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
]);

/** An error response of an AWS service, named by its error code. The service's message is dropped, because it can quote the request. */
class AwsError extends Error {
  override readonly name: string;
  /** The HTTP status. */
  readonly status: number;

  constructor(name: string, status: number) {
    super(`AWS answered ${status} ${name}`);
    this.name = name;
    this.status = status;
  }
}

/** Returns the output in a response. Throws AwsError, with the name `UnreadableAnswer` when the response is not a JSON object. */
function readOutput(status: number, text: string): Readonly<Record<string, unknown>> {
  const output = parseObject(text);
  if (status === 200 && output !== undefined) return output;
  throw new AwsError(output === undefined ? 'UnreadableAnswer' : errorName(output), status);
}

/** Returns the name of an error type such as `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`; the prefix is optional. */
function errorName({ __type: type }: Readonly<Record<string, unknown>>): string {
  const [, name] = /^(?:[\w.]{1,100}#)?([A-Za-z]{1,60})$/.exec(typeof type === 'string' ? type : '') ?? [];
  return name ?? 'UnknownError';
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>; // An object has string keys.
  } catch {
    // The parser's error is dropped, because its message quotes the text.
  }
  return undefined;
}
