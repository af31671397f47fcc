import * as v from 'valibot';
import { jsonService } from '../aws/service.ts';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { GatewayError } from '../errors.ts';
import type { SecretName } from '../operations/table.ts';

/** A cached value of a secret. A read that returns the same text keeps the same object. */
export interface CachedSecret<T> {
  readonly value: T;
  /** The text of the secret. */
  readonly text: string;
}

/** Reads a secret and caches its value. */
export interface SecretReader<T> {
  /** Returns the value. Throws GatewayError `unavailable` when there is no usable value. */
  get(): Promise<CachedSecret<T>>;
  /** Returns a newer value after upstream rejected `rejected`, or undefined when there is none or the rate limit of refreshes is exceeded. */
  newerThan(rejected: CachedSecret<T>): Promise<CachedSecret<T> | undefined>;
}

/** How long a value is cached, in milliseconds, with 20 % jitter so that containers do not refresh at the same time. */
const timeToLive = 300_000;
/** The maximum age of a cached value, in milliseconds, while Secrets Manager responds. */
export const maxCacheLife = timeToLive * 1.2;
/** During an outage, the last value is used for this long before the next read, in milliseconds. */
const outageInterval = 5_000;
/** Refreshes after a rejection: a burst, then one per interval, in milliseconds. A refresh that returns a new value does not count. */
const refreshBurst = 5;
const refreshInterval = 1_000;

/** Returns the reader of a secret. `usableUntil` returns when a value expires, in milliseconds since the epoch. */
export function cachedSecret<T>(
  name: SecretName,
  schema: () => v.GenericSchema<unknown, T>,
  usableUntil: (value: T) => number = () => Infinity,
): SecretReader<T> {
  let cached: CachedSecret<T> | undefined;
  let freshUntil = 0;
  let reading: Promise<CachedSecret<T>> | undefined;
  let refreshesLeft = refreshBurst;
  let refilledAt = 0;

  const usable = (candidate: CachedSecret<T> | undefined): candidate is CachedSecret<T> =>
    candidate !== undefined && now() < usableUntil(candidate.value);

  /** Reads the secret. Concurrent calls share one read. */
  function read(): Promise<CachedSecret<T>> {
    // The value can be replaced while it is being read, so its lifetime starts with the request.
    const requestedAt = now();
    reading ??= fetchSecret(name, schema)
      .then((fetched) => {
        cached = fetched.text === cached?.text ? cached : fetched;
        freshUntil = requestedAt + timeToLive * (0.8 + 0.4 * Math.random());
        return cached;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  async function get(): Promise<CachedSecret<T>> {
    if (usable(cached) && now() < freshUntil) return cached;
    const last = cached;
    try {
      const fetched = await read();
      if (usable(fetched)) return fetched;
    } catch (cause) {
      if (usable(last)) {
        freshUntil = now() + outageInterval;
        return last;
      }
      throw unavailable(name, cause);
    }
    throw new GatewayError('unavailable', { detail: `the value of ${name} has expired: check its rotation` });
  }

  async function newerThan(rejected: CachedSecret<T>): Promise<CachedSecret<T> | undefined> {
    // A read in progress may have started before the rejection. It is conclusive only if it returned a new value.
    await reading?.catch(() => undefined);
    if (cached !== rejected) return usable(cached) ? cached : undefined;
    if (reading === undefined && !takeRefresh()) return undefined;
    const fetched = await read().catch(() => rejected);
    if (fetched === rejected) return undefined;
    refreshesLeft = refreshBurst;
    return usable(fetched) ? fetched : undefined;
  }

  /** Takes one of the remaining refreshes; returns false when there are none. */
  function takeRefresh(): boolean {
    const refilled = Math.floor((now() - refilledAt) / refreshInterval);
    if (refilled > 0) {
      refreshesLeft = Math.min(refreshBurst, refreshesLeft + refilled);
      refilledAt = now();
    }
    if (refreshesLeft <= 0) return false;
    refreshesLeft--;
    return true;
  }

  // Prefetch, in parallel with the partner's record. If this read fails, the first call reads again.
  if (env.prefetches(name)) read().catch(() => undefined);

  return { get, newerThan };
}

async function fetchSecret<T>(name: SecretName, schema: () => v.GenericSchema<unknown, T>): Promise<CachedSecret<T>> {
  return parseSecret(name, await readSecretText(env.secretId(name)), schema());
}

/** Discards the parser's error, whose message can quote the secret. */
function parseSecret<T>(name: SecretName, text: string, schema: v.GenericSchema<unknown, T>): CachedSecret<T> {
  try {
    return { value: v.parse(schema, JSON.parse(text)), text };
  } catch {
    throw new GatewayError('unavailable', { detail: `the value of ${name} is malformed: set it again` });
  }
}

function unavailable(name: SecretName, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const missing = cause instanceof Error && cause.name === 'ResourceNotFoundException';
  const detail = missing
    ? `the secret ${name} is not set: run "gateway secrets set"`
    : `the secret ${name} cannot be read`;
  return new GatewayError('unavailable', { detail, cause });
}

const callSecretsManager = jsonService({
  name: 'secretsmanager',
  target: 'secretsmanager',
  contentType: 'application/x-amz-json-1.1',
  attemptTime: 2_000,
});

/**
 * Returns the text of a secret's current value; empty when it has none. Makes at most two attempts of two seconds each. Throws AwsError, or the
 * connection's error.
 */
export async function readSecretText(secretId: string): Promise<string> {
  const { SecretString: text } = await callSecretsManager('GetSecretValue', { SecretId: secretId });
  return typeof text === 'string' ? text : '';
}
