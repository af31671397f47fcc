import * as v from 'valibot';
import { jsonService } from '../aws/service.ts';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { GatewayError } from '../errors.ts';
import type { SecretName } from '../operations/table.ts';

/** A secret's value as it was read; the same object stands for the same reading. */
export interface CachedSecret<T> {
  readonly value: T;
  /** The text that it was parsed from. */
  readonly text: string;
}

/** A secret, read once and kept. */
export interface SecretReader<T> {
  /** The value. Throws GatewayError `unavailable` when there is none that can be used. */
  get(): Promise<CachedSecret<T>>;
  /** After proof that a value is no good any more: a newer one, or undefined when there is none or it was just looked for. */
  newerThan(rejected: CachedSecret<T>): Promise<CachedSecret<T> | undefined>;
}

/** A value serves this long, in milliseconds, give or take a fifth so that containers do not ask in step. */
const timeToLive = 300_000;
/** No container uses a value for longer after it was replaced, in milliseconds, while Secrets Manager answers. */
export const maxCacheLife = timeToLive * 1.2;
/** During an outage the last good value serves this long before Secrets Manager is asked again. */
const outagePause = 5_000;
/** Readings on evidence: so many at once, and one more each second. One that brings something new does not count. */
const evidenceBurst = 5;
const evidencePause = 1_000;

/** Makes the reader of a secret; `usableUntil` gives the time, in milliseconds since the epoch, at which a value stops being worth anything. */
export function cachedSecret<T>(
  name: SecretName,
  schema: () => v.GenericSchema<unknown, T>,
  usableUntil: (value: T) => number = () => Infinity,
): SecretReader<T> {
  let held: CachedSecret<T> | undefined;
  let freshUntil = 0;
  let reading: Promise<CachedSecret<T>> | undefined;
  let allowance = evidenceBurst;
  let allowanceAt = 0;

  const usable = (candidate: CachedSecret<T> | undefined): candidate is CachedSecret<T> =>
    candidate !== undefined && now() < usableUntil(candidate.value);

  /** One reading at a time, whoever asks. */
  function read(): Promise<CachedSecret<T>> {
    // A value can be replaced while its reading is on the way.
    const askedAt = now();
    reading ??= fetchSecret(name, schema)
      .then((fetched) => {
        held = fetched.text === held?.text ? held : fetched;
        freshUntil = askedAt + timeToLive * (0.8 + 0.4 * Math.random());
        return held;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  async function get(): Promise<CachedSecret<T>> {
    if (usable(held) && now() < freshUntil) return held;
    const last = held;
    try {
      const fetched = await read();
      if (usable(fetched)) return fetched;
    } catch (cause) {
      if (usable(last)) {
        freshUntil = now() + outagePause;
        return last;
      }
      throw unavailable(name, cause);
    }
    throw new GatewayError('unavailable', { detail: `the value of ${name} has expired: was its rotation missed?` });
  }

  async function newerThan(rejected: CachedSecret<T>): Promise<CachedSecret<T> | undefined> {
    // A reading that is under way may have begun before the rejection: it proves nothing unless it brought something new.
    await reading?.catch(() => undefined);
    if (held !== rejected) return usable(held) ? held : undefined;
    if (reading === undefined && !spend()) return undefined;
    const fetched = await read().catch(() => rejected);
    if (fetched === rejected) return undefined;
    allowance = evidenceBurst;
    return usable(fetched) ? fetched : undefined;
  }

  /** Takes one of the readings on evidence that are left. */
  function spend(): boolean {
    const regained = Math.floor((now() - allowanceAt) / evidencePause);
    if (regained > 0) {
      allowance = Math.min(evidenceBurst, allowance + regained);
      allowanceAt = now();
    }
    if (allowance <= 0) return false;
    allowance--;
    return true;
  }

  // The first call finds the reading under way, beside that of the partner's record; when it fails, the call reads again.
  if (env.prefetches(name)) read().catch(() => undefined);

  return { get, newerThan };
}

async function fetchSecret<T>(name: SecretName, schema: () => v.GenericSchema<unknown, T>): Promise<CachedSecret<T>> {
  return parseSecret(name, await readSecretText(env.secretId(name)), schema());
}

/** Messages of parsers quote what they parse: none of theirs goes on. */
function parseSecret<T>(name: SecretName, text: string, schema: v.GenericSchema<unknown, T>): CachedSecret<T> {
  try {
    return { value: v.parse(schema, JSON.parse(text)), text };
  } catch {
    throw new GatewayError('unavailable', { detail: `the value of ${name} does not have its shape: set it again` });
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
 * The text of a secret's current value, empty when it has none; one attempt ends after two seconds, a call after two attempts. Throws
 * AwsError, or the connection's error.
 */
export async function readSecretText(secretId: string): Promise<string> {
  const { SecretString: text } = await callSecretsManager('GetSecretValue', { SecretId: secretId });
  return typeof text === 'string' ? text : '';
}
