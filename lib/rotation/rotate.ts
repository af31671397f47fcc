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

/** The rotation of a secret's value. {@link rotate} moves versions and labels. */
export interface Rotation<V> {
  schema: v.GenericSchema<unknown, V>;
  /** The minimum time between two rotations, in milliseconds. */
  pause?: number;
  /** Returns a new value. `current` is undefined when there is no valid current value. */
  create(current: V | undefined, invocation: Invocation): Promise<V>;
  /** Throws UnusableSecret when the value must not be used, and another error when the result is unknown. */
  test(value: V, invocation: Invocation): Promise<void>;
}

/** The pending value must not be used. The next rotation creates another one. */
export class UnusableSecret extends Error {
  override readonly name = 'UnusableSecret';
}

/** The event of a rotation. Source: Secrets Manager user guide, “Lambda rotation functions”. */
const rotationEvent = v.object({ SecretId: v.string(), ClientRequestToken: v.string(), Step: v.string() });

interface StepContext<V> {
  rotation: Rotation<V>;
  secret: SecretDescription;
  /** The id of the pending version. */
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
 * Returns the handler of a rotation function. It runs Secrets Manager's four steps, each of which can be repeated after a crash at any point. Throws
 * JobError, and writes nothing, when the event does not name this secret and its pending version.
 */
export function rotate<V>(id: JobId & `rotate_${string}`, rotation: Rotation<V>): JobHandler {
  return job(id, async (event, invocation, note) => {
    const { SecretId, ClientRequestToken: version, Step } = readEvent(event);
    const step = steps.get(Step);
    if (step === undefined) throw new JobError('the step is unknown');
    note({ step: Step });
    const secret = await describeSecret(env.secretId(jobs[id].rotates));
    if (SecretId !== secret.arn && SecretId !== secret.name) throw new JobError('the event names another secret');
    if (!secret.rotationEnabled) throw new JobError('rotation is not enabled for the secret');
    const labels = secret.stages.get(version);
    if (labels === undefined) throw new JobError('the version is unknown');
    note({ version });
    if (labels.includes('AWSCURRENT')) return note({ result: 'the version is already in use' });
    if (!labels.includes('AWSPENDING')) throw new JobError('the version is not pending');
    await step({ rotation, secret, version, invocation });
  });
}

function readEvent(event: unknown): v.InferOutput<typeof rotationEvent> {
  const parsed = v.safeParse(rotationEvent, event);
  if (!parsed.success) throw new JobError('the event is not a rotation event');
  return parsed.output;
}

/** Creates the pending value, unless an earlier attempt has stored one. */
async function createSecret<V>({ rotation, secret, version, invocation }: StepContext<V>): Promise<void> {
  if ((await readVersion(secret.arn, version)) !== undefined) return;
  const currentVersion = versionWith(secret, 'AWSCURRENT');
  const current = currentVersion === undefined ? undefined : await readVersionWithDate(secret.arn, currentVersion);
  if (now() - replacedAt(secret, current) < (rotation.pause ?? 0)) {
    throw new JobError('the last rotation is too recent: the previous value may still be in use');
  }
  const value = await rotation.create(parse(rotation, current?.text), invocation);
  await putPending(secret.arn, version, JSON.stringify(value));
}

/**
 * Returns when the current value replaced the previous one, in milliseconds since the epoch; 0 for the first value. The creation date counts too,
 * because Secrets Manager does not record a rotation that replaced the value and then failed.
 */
export function replacedAt(secret: SecretDescription, current: Pick<VersionValue, 'createdAt'> | undefined): number {
  const isFirst = versionWith(secret, 'AWSPREVIOUS') === undefined;
  return Math.max(secret.rotatedAt ?? 0, isFirst ? 0 : (current?.createdAt ?? 0));
}

/** Does nothing: upstream knows a manage JWT once it is created, and sealing keys are not stored elsewhere. */
async function setSecret(): Promise<void> {}

/** Tests the pending value. Secrets Manager also runs this step to test a rotation's configuration, for a version without a value. */
async function testSecret<V>({ rotation, secret, version, invocation }: StepContext<V>): Promise<void> {
  const pending = await readVersion(secret.arn, version);
  if (pending === undefined) return;
  try {
    const value = parse(rotation, pending);
    if (value === undefined) throw new UnusableSecret('it does not match its schema');
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

/** Returns the value, or undefined for one that does not match the schema, such as the placeholder of a new secret. */
function parse<V>({ schema }: Rotation<V>, text: string | undefined): V | undefined {
  try {
    return v.parse(schema, JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
