import {
  CreateSecretCommand,
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  InvalidRequestException,
  PutSecretValueCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import { secretFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { isPending, listVersions, readVersion, type Version, versionInUse } from '#lib/rotation/secret-versions.ts';
import { manageTokenExpiry as expiryIn } from '#lib/secrets/values.ts';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';
import { CliError } from '../cli-error.ts';
import { awsErrorKind } from '../describe-error.ts';
import type { Session } from '../session.ts';
import { missing, type Target } from '../target.ts';

/** The state of a secret, without its values; times are milliseconds since the epoch. */
export interface SecretState {
  fullName: string;
  /** The newest first. */
  versions: readonly Version[];
  current: Version | undefined;
  /** The version that a rotation creates, or left behind when it failed. */
  pending: Version | undefined;
  /** Whether automatic rotation is on; it may be off although there is a rotation function. */
  rotation: boolean;
  hasRotationFunction: boolean;
  /** The rotation interval in minutes, if the schedule is a rate. */
  intervalMinutes: number | undefined;
  lastRotatedAt: number | undefined;
  nextRotationAt: number | undefined;
  /** When the secret is deleted, if its deletion is scheduled. */
  deletesAt: number | undefined;
}

/** Reads the state of a secret; undefined if the secret does not exist. Throws the service's errors. */
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

const minutesPer = { minute: 1, hour: 60, day: 1440 };

function intervalOf({ RotationRules }: DescribeSecretCommandOutput): number | undefined {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression = '' } = RotationRules ?? {};
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (unit === 'minute' || unit === 'hour' || unit === 'day') return Number(count) * minutesPer[unit];
  return days === undefined ? undefined : days * minutesPer.day;
}

/** Reads the state of a secret. Throws CliError if the secret does not exist or is scheduled for deletion, and the service's errors. */
export async function requireState(session: Session, name: SecretName): Promise<SecretState> {
  const target = session.target();
  const state = await readState(target.environment, name);
  if (state === undefined) throw new CliError(missing(`secret ${secretFullName(target.environment, name)}`, target));
  if (state.deletesAt === undefined) return state;
  throw new CliError(`The secret ${state.fullName} is scheduled for deletion. Restore it first.`);
}

/** The value of a version: undefined if the version has none yet, denied if these AWS credentials may not read it. */
export type Value = { denied: true } | { denied: false; text: string | undefined };

/** The secrets that these AWS credentials may not read: they are not read a second time. */
const denied = new Set<string>();

/** Reads the value of a version. Throws the service's errors, except that access is denied. */
export async function readVersionValue({ fullName }: SecretState, version: Version | undefined): Promise<Value> {
  if (denied.has(fullName)) return { denied: true };
  try {
    return { denied: false, text: version && (await readVersion(fullName, version.id)) };
  } catch (error) {
    if (awsErrorKind(error) !== 'denied') throw error;
    denied.add(fullName);
    return { denied: true };
  }
}

/** Whether a version has a value; undefined if these AWS credentials may not read it. Throws the service's other errors. */
export async function hasValue(state: SecretState, version: Version): Promise<boolean | undefined> {
  const value = await readVersionValue(state, version);
  return value.denied ? undefined : value.text !== undefined;
}

/**
 * Returns when a version's manage JWT expires, in milliseconds since the epoch: `malformed` if the value is not a manage JWT, undefined if
 * these AWS credentials may not read it. Throws the service's other errors.
 */
export async function manageTokenExpiry(
  state: SecretState,
  version: Version,
): Promise<number | 'malformed' | undefined> {
  const value = await readVersionValue(state, version);
  return value.denied ? undefined : (expiryIn(value.text) ?? 'malformed');
}

/**
 * Stores a new value of a secret, and creates a secret that is missing on a local stack; returns the result as printed with `--json`. Throws
 * CliError, and the service's errors.
 */
export async function storeSecret(target: Target, name: SecretName, value: object) {
  const secret = secretFullName(target.environment, name);
  const SecretString = JSON.stringify(value);
  try {
    const { VersionId } = await secretsManager.send(new PutSecretValueCommand({ SecretId: secret, SecretString }));
    return { secret, version_id: VersionId, created: false };
  } catch (error) {
    if (error instanceof InvalidRequestException)
      throw new CliError(
        `The secret ${secret} rejects new values; it may be scheduled for deletion. Restore it first.`,
      );
    if (!(error instanceof ResourceNotFoundException)) throw error;
    if (target.folder === undefined) throw new CliError(missing(`secret ${secret}`, target));
  }
  const { VersionId } = await secretsManager.send(new CreateSecretCommand({ Name: secret, SecretString }));
  return { secret, version_id: VersionId, created: true };
}
