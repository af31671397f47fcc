import * as v from 'valibot';
import { env } from '../config/env.ts';
import { now } from '../clock.ts';
import { JobError } from '../errors.ts';
import type { Invocation } from '../operations/call.ts';
import { job, type JobHandler } from '../jobs/job.ts';
import { jobs, type JobId } from '../operations/jobs.ts';
import {
  describeSecret,
  withdrawPending,
  promote,
  putPending,
  readVersionWithDate,
  readVersion,
  versionWith,
  type SecretDescription,
  type VersionValue,
} from './secret-versions.ts';

/** What one secret's rotation does; the driver moves versions and labels. */
export interface Rotation<V> {
  schema: v.GenericSchema<unknown, V>;
  /** The shortest time from one rotation to the next, in milliseconds: an earlier one is refused. */
  pause?: number;
  /** Makes a new value; `current` is the one in use, undefined when there is none that anybody can read. */
  create(current: V | undefined, invocation: Invocation): Promise<V>;
  /** Throws Unusable when the value must not be used, and anything else when nobody can tell. */
  test(value: V, invocation: Invocation): Promise<void>;
}

/** A value that must not be used: the next rotation begins with another one. */
export class UnusableSecret extends Error {
  override readonly name = 'Unusable';
}

/** Source: Secrets Manager user guide, “Lambda rotation functions”. */
const rotationEvent = v.object({ SecretId: v.string(), ClientRequestToken: v.string(), Step: v.string() });

interface StepContext<V> {
  rotation: Rotation<V>;
  secret: SecretDescription;
  /** The version that is being made. */
  version: string;
  invocation: Invocation;
}

type Step = <V>(context: StepContext<V>) => Promise<void>;

const steps = new Map<string, Step>([
  ['createSecret', createSecret],
  ['setSecret', setSecret],
  ['testSecret', testSecret],
  ['finishSecret', finishSecret],
]);

/**
 * Makes the handler of a rotation function: Secrets Manager's four steps, each of which can be repeated after a crash at any point. What does
 * not ask for this secret's pending version is refused, and nothing is written then.
 */
export function rotate<V>(id: JobId & `rotate_${string}`, rotation: Rotation<V>): JobHandler {
  return job(id, async (event, invocation, note) => {
    const { SecretId, ClientRequestToken: version, Step } = readEvent(event);
    const step = steps.get(Step);
    if (step === undefined) throw new JobError('the step is unknown');
    note({ step: Step });
    const secret = await describeSecret(env.secretId(jobs[id].rotates));
    if (SecretId !== secret.arn && SecretId !== secret.name) throw new JobError('the event is about another secret');
    if (!secret.rotationEnabled) throw new JobError('rotation is not enabled for the secret');
    const labels = secret.stages.get(version);
    if (labels === undefined) throw new JobError('the version is unknown');
    note({ version });
    if (labels.includes('AWSCURRENT')) return note({ result: 'the version is in use already' });
    if (!labels.includes('AWSPENDING')) throw new JobError('the version is not pending');
    await step({ rotation, secret, version, invocation });
  });
}

function readEvent(event: unknown): v.InferOutput<typeof rotationEvent> {
  const parsed = v.safeParse(rotationEvent, event);
  if (!parsed.success) throw new JobError('the event is not one of a rotation');
  return parsed.output;
}

/** A retry that made another value than the one already stored goes on with the stored one. */
async function createSecret<V>({ rotation, secret, version, invocation }: StepContext<V>): Promise<void> {
  if ((await readVersion(secret.arn, version)) !== undefined) return;
  const inUse = versionWith(secret, 'AWSCURRENT');
  const current = inUse === undefined ? undefined : await readVersionWithDate(secret.arn, inUse);
  if (now() - replacedAt(secret, current) < (rotation.pause ?? 0)) {
    throw new JobError('the last rotation is too recent: what it replaced may still be in use');
  }
  const value = await rotation.create(parse(rotation, current?.text), invocation);
  await putPending(secret.arn, version, JSON.stringify(value));
}

/**
 * When the value in use took another one's place, in milliseconds since the epoch; 0 when it is the first. Of a rotation that ended in failures
 * the service may not know that it got so far.
 */
export function replacedAt(secret: SecretDescription, current: Pick<VersionValue, 'createdAt'> | undefined): number {
  const isFirst = versionWith(secret, 'AWSPREVIOUS') === undefined;
  return Math.max(secret.rotatedAt ?? 0, isFirst ? 0 : (current?.createdAt ?? 0));
}

/** Upstream learns of a new manage JWT when it is minted, and of a sealing key never: there is nothing to set. */
async function setSecret(): Promise<void> {}

/** Alone, the step tries a configuration whose pending version has no value: there is nothing to test then, and nothing is made. */
async function testSecret<V>({ rotation, secret, version, invocation }: StepContext<V>): Promise<void> {
  const pending = await readVersion(secret.arn, version);
  if (pending === undefined) return;
  try {
    const value = parse(rotation, pending);
    if (value === undefined) throw new UnusableSecret('it does not have its shape');
    await rotation.test(value, invocation);
  } catch (error) {
    if (!(error instanceof UnusableSecret)) throw error;
    await withdrawPending(secret.arn, version);
    throw new JobError(`the pending value is not usable: ${error.message}`);
  }
}

async function finishSecret<V>({ secret, version }: StepContext<V>): Promise<void> {
  if ((await readVersion(secret.arn, version)) === undefined) throw new JobError('the pending version has no value');
  await promote(secret.arn, version, versionWith(secret, 'AWSCURRENT'));
}

/** A value that nobody can read, the placeholder of a new secret for one, is as good as none. */
function parse<V>({ schema }: Rotation<V>, text: string | undefined): V | undefined {
  try {
    return v.parse(schema, JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
