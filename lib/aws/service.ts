import { env } from '../config/env.ts';
import { deadline } from '../transport/deadline.ts';
import { dispatch } from '../transport/dispatcher.ts';
import { signerOf } from './sign.ts';

/** A service of AWS that speaks JSON, as a function of the request path calls it. */
export interface JsonService {
  /** As signatures name it, and its host. */
  name: 'secretsmanager' | 'dynamodb';
  /** Goes before the operation in `X-Amz-Target`. */
  target: string;
  contentType: string;
  /** How long one attempt may take, its connection included, in milliseconds. */
  attemptTime: number;
}

/** Calls an operation and gives its answer. Throws AwsError when the service refuses, and the connection's error when there is no answer. */
export type CallService = (operation: string, input: object) => Promise<Readonly<Record<string, unknown>>>;

/** How long a connection to a service may take to open, and how long an idle one is kept, in milliseconds. */
export const connections = { connectTimeout: 1_000, keepAlive: 20_000 };
/** The longest wait before the second attempt, in milliseconds: as the SDK's. */
const pause = { failed: 50, throttled: 1_000 };

/**
 * Makes the calls of a service: two attempts each, as a repeated read or conditional write does no harm. It speaks the SDK's protocol at
 * a fraction of its start.
 */
export function jsonService({ name, target, contentType, attemptTime }: JsonService): CallService {
  const sign = signerOf(name);
  let endpoint: URL | undefined;
  return async (operation, input) => {
    endpoint ??= env.awsEndpoint(name);
    const { origin } = endpoint;
    const body = JSON.stringify(input);
    const described = { 'content-type': contentType, 'x-amz-target': `${target}.${operation}` };
    const headers = sign(endpoint, body, described);
    const attempt = async () => {
      // undici's own timeouts tick in seconds.
      const { signal, release } = deadline(attemptTime);
      const request = { method: 'POST', path: '/', headers, body, signal } as const;
      const answer = await dispatch(origin, connections, request).finally(release);
      return readAnswer(answer.status, answer.text);
    };
    return attempt().catch(async (error: unknown) => {
      const longest = pauseAfter(error);
      if (longest === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
      return attempt();
    });
  };
}

/** How long to wait at most before a second attempt; undefined when the error would be the same again. */
function pauseAfter(error: unknown): number | undefined {
  // There was no answer, or only half of one.
  if (!(error instanceof AwsError)) return pause.failed;
  if (error.status === 429 || throttles.has(error.name)) return pause.throttled;
  return [500, 502, 503, 504].includes(error.status) ? pause.failed : undefined;
}

/** What the two services call it when they are asked too often. */
const throttles = new Set([
  'ThrottlingException',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
]);

/** A service of AWS answered with an error, by the service's own name for it; its words, which can quote the request, are not kept. */
export class AwsError extends Error {
  override readonly name: string;
  /** The HTTP status. */
  readonly status: number;

  constructor(name: string, status: number) {
    super(`AWS answered ${status} ${name}`);
    this.name = name;
    this.status = status;
  }
}

/** Reads an answer of the JSON protocol. Pure. Throws AwsError: `UnreadableAnswer` when it is not an object. */
export function readAnswer(status: number, text: string): Readonly<Record<string, unknown>> {
  const answer = parseObject(text);
  if (status === 200 && answer !== undefined) return answer;
  throw new AwsError(answer === undefined ? 'UnreadableAnswer' : errorName(answer), status);
}

/** `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`, or the name alone. */
function errorName({ __type: type }: Readonly<Record<string, unknown>>): string {
  const [, name] = /^(?:[\w.]{1,100}#)?([A-Za-z]{1,60})$/.exec(typeof type === 'string' ? type : '') ?? [];
  return name ?? 'UnknownError';
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>; // Any object is one.
  } catch {
    // A parser's message quotes what it parses.
  }
  return undefined;
}
