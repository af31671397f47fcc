import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from '../queue.ts';
import { addVersion, detach, dropUnstaged, moveStage, PENDING, unfinished, versionById } from '../secret.ts';
import type { Secret } from '../secret.ts';
import type { Secrets } from '../secrets.ts';
import { intervalOf, type Underway } from './rotation.ts';

/** The event of a rotation function: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html */
export interface RotationEvent {
  SecretId: string;
  ClientRequestToken: string;
  Step: string;
  RotationToken?: string;
}

/** The dependencies and settings of a rotator. */
export interface RotatorOptions {
  secrets: Secrets;
  inTurn: Queue;
  now: () => number;
  invoke: (functionArn: string, event: RotationEvent) => Promise<void>;
  /** The delay before each retry of a failed rotation. */
  retryDelaysMs: readonly number[];
  /** Overrides the interval in a secret's rules. */
  intervalMs?: ((secretName: string) => number | undefined) | undefined;
}

/** Runs rotations in the background. */
export type Rotator = ReturnType<typeof makeRotator>;

const STEPS = { rotation: ['createSecret', 'setSecret', 'testSecret', 'finishSecret'], trial: ['testSecret'] };

/** Creates the rotator of one server. */
export function makeRotator({ secrets, inTurn, now, invoke, retryDelaysMs, intervalMs }: RotatorOptions) {
  const running = new Map<string, Promise<void>>();
  const stopping = new AbortController();

  /** Starts or continues a rotation; resolves when its AWSPENDING version is on disk. Called from the queue. */
  async function begin(secret: Secret, underway: Underway): Promise<void> {
    const { arn, rotation } = secret;
    if (rotation === undefined) return;
    // An existing version keeps its stages: the function may have removed AWSPENDING from it.
    const isNew = versionById(secret, underway.token) === undefined;
    const pending = isNew ? moveStage(addVersion(secret, underway.token, now()), PENDING, underway.token) : secret;
    await secrets.save({ ...pending, changedAt: now(), rotation: { ...rotation, underway } });

    const key = `${arn} ${underway.token}`;
    if (running.has(key)) return;
    running.set(
      key,
      carryOut(arn, underway).finally(() => running.delete(key)),
    );
  }

  /** As the service does: a failed step fails the attempt, and the next attempt starts with the first step. */
  async function carryOut(arn: string, underway: Underway): Promise<void> {
    let succeeded = await attempt(arn, underway);
    for (const delay of underway.kind === 'rotation' ? retryDelaysMs : []) {
      if (succeeded || subject(arn, underway) === undefined) break;
      await sleep(delay, undefined, { ref: false, signal: stopping.signal }).catch(() => undefined);
      succeeded = await attempt(arn, underway);
    }
    await inTurn(() => conclude(arn, underway, succeeded));
  }

  async function attempt(arn: string, underway: Underway): Promise<boolean> {
    for (const Step of STEPS[underway.kind]) {
      const rotation = subject(arn, underway)?.rotation;
      if (rotation === undefined) return false;
      const event = { SecretId: arn, ClientRequestToken: underway.token, Step, RotationToken: randomUUID() };
      try {
        await invoke(rotation.functionArn, event);
      } catch {
        // The function logs its error; the service only learns that it failed.
        return false;
      }
    }
    const secret = subject(arn, underway);
    return underway.kind === 'trial' || (secret !== undefined && unfinished(secret) === undefined);
  }

  async function conclude(arn: string, underway: Underway, succeeded: boolean): Promise<void> {
    const secret = subject(arn, underway);
    if (secret?.rotation === undefined) return;
    const { underway: _, ...rotation } = secret.rotation;
    const time = now();
    if (underway.kind === 'trial') {
      await secrets.save({ ...dropUnstaged(detach(secret, PENDING), underway.token), changedAt: time, rotation });
    } else {
      const last = succeeded ? { lastRotatedAt: time } : {};
      await secrets.save({ ...secret, changedAt: time, rotation: { ...rotation, ...last, countsFrom: time } });
    }
  }

  /** Returns the secret, unless the rotation was cancelled, the secret deleted or the server stopped. */
  function subject(arn: string, { token }: Underway): Secret | undefined {
    const secret = secrets.all().find((other) => other.arn === arn);
    const active = secret?.deletesAt === undefined && secret?.rotation?.underway?.token === token;
    return active && !stopping.signal.aborted ? secret : undefined;
  }

  /** Returns when the secret is due for rotation, in epoch milliseconds. */
  function dueAt({ name, rotation, deletesAt }: Secret): number | undefined {
    if (rotation?.enabled !== true || deletesAt !== undefined) return undefined;
    const interval = intervalOf(rotation.rules);
    return interval === undefined ? undefined : rotation.countsFrom + (intervalMs?.(name) ?? interval);
  }

  function due(secret: Secret): Underway | undefined {
    if (secret.deletesAt === undefined && secret.rotation?.underway !== undefined) return secret.rotation.underway;
    const at = dueAt(secret);
    if (at === undefined || at > now()) return undefined;
    return { token: unfinished(secret)?.id ?? randomUUID(), kind: 'rotation' };
  }

  /** Starts every rotation that is due or was interrupted; resolves when all rotations have ended. */
  async function runDue(): Promise<void> {
    await inTurn(async () => {
      if (stopping.signal.aborted) return;
      for (const secret of secrets.all()) {
        const underway = due(secret);
        if (underway !== undefined) await begin(secret, underway);
      }
    });
    await Promise.all(running.values());
  }

  /** Stops all rotations; they continue at the next start. */
  const stop = () => stopping.abort();
  return { begin, dueAt, runDue, stop };
}
