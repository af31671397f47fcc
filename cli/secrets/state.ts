import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import { secretFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { isPending, listVersions, readVersion, type Version, versionInUse } from '#lib/rotation/secret-versions.ts';
import { manageTokenExpiry as expiryIn } from '#lib/secrets/values.ts';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';

/** What can be known of a secret without its value; times are milliseconds since the epoch. */
export interface SecretState {
  fullName: string;
  /** The newest first. */
  versions: readonly Version[];
  current: Version | undefined;
  /** A version that is being made: a rotation is under way, or came to a stop. */
  pending: Version | undefined;
  /** Whether it rotates by itself; it may be off though there is a function for it. */
  rotation: boolean;
  hasRotationFunction: boolean;
  /** How often it is rotated, in minutes, when its schedule is a rate. */
  intervalMinutes: number | undefined;
  lastRotatedAt: number | undefined;
  nextRotationAt: number | undefined;
  /** When it ceases to exist, once somebody has deleted it. */
  deletesAt: number | undefined;
}

/** Reads a secret's state; undefined when there is no such secret. Throws the service's errors. */
export async function readState(environment: string, name: SecretName): Promise<SecretState | undefined> {
  const SecretId = secretFullName(environment, name);
  try {
    const [described, versions] = await Promise.all([
      secretsManager.send(new DescribeSecretCommand({ SecretId })),
      listVersions(SecretId),
    ]);
    return {
      fullName: SecretId,
      versions,
      current: versionInUse(versions),
      pending: versions.find(isPending),
      rotation: described.RotationEnabled ?? false,
      hasRotationFunction: described.RotationLambdaARN !== undefined,
      intervalMinutes: intervalOf(described),
      lastRotatedAt: described.LastRotatedDate?.getTime(),
      nextRotationAt: described.NextRotationDate?.getTime(),
      deletesAt: described.DeletedDate?.getTime(),
    };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** As `readState`, of a secret that has to be there. Throws Refusal. */
export async function requireState(session: Session, name: SecretName): Promise<SecretState> {
  const { environment, folder } = session.target();
  const state = await readState(environment, name);
  if (state === undefined) throw new Refusal(noSecret(secretFullName(environment, name), folder));
  if (state.deletesAt === undefined) return state;
  throw new Refusal(`The secret ${state.fullName} is scheduled for deletion. Restore it first.`);
}

function noSecret(fullName: string, folder: string | undefined): string {
  return folder === undefined
    ? `There is no secret ${fullName} in this account and region. Deploy the environment first, which makes it, or check --env, AWS_PROFILE and AWS_REGION.`
    : `The local stack of ${folder} has no secret ${fullName} yet. Wait until it has started.`;
}

/** Whether a version has a value; undefined when these AWS credentials may not know. Throws the service's other errors. */
export async function hasValue({ fullName }: SecretState, { id }: Version): Promise<boolean | undefined> {
  return unlessDenied(async () => (await readVersion(fullName, id)) !== undefined);
}

/**
 * When the manage JWT in use expires, in milliseconds since the epoch: `malformed` when its value is something else, undefined when these AWS
 * credentials may not know. Throws the service's other errors.
 */
export async function manageTokenExpiry(
  { fullName }: SecretState,
  { id }: Version,
): Promise<number | 'malformed' | undefined> {
  return unlessDenied(async () => expiryIn(await readVersion(fullName, id)) ?? 'malformed');
}

let mayRead = true;

/** Knowing when a secret changed needs fewer rights than reading it: whoever has only those learns the rest, and asks in vain once. */
async function unlessDenied<T>(read: () => Promise<T>): Promise<T | undefined> {
  if (!mayRead) return undefined;
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AccessDeniedException') throw error;
    mayRead = false;
    return undefined;
  }
}

const minutesIn = { minute: 1, hour: 60, day: 1440 };

function intervalOf({ RotationRules }: DescribeSecretCommandOutput): number | undefined {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression = '' } = RotationRules ?? {};
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (unit === 'minute' || unit === 'hour' || unit === 'day') return Number(count) * minutesIn[unit];
  return days === undefined ? undefined : days * minutesIn.day;
}
