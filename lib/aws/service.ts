import { deadline } from '../budgea/deadline.ts';
import { dispatch } from '../budgea/dispatcher.ts';
import { env } from '../env.ts';
import { AwsError, readAnswer } from './answer.ts';
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
