import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidParameterException,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  UpdateSecretVersionStageCommand,
  type UpdateSecretVersionStageCommandInput,
} from '@aws-sdk/client-secrets-manager';
import { secretsManager } from '../aws/sdk-secrets-manager.ts';

/** A staging label: the current, the previous or the pending version. */
export type Stage = 'AWSCURRENT' | 'AWSPREVIOUS' | 'AWSPENDING';

/** A version's value and creation time, in milliseconds since the epoch. */
export interface VersionValue {
  text: string;
  createdAt: number;
}

/** A secret's metadata. */
export interface SecretDescription {
  arn: string;
  name: string;
  rotationEnabled: boolean;
  /** The time of the last successful rotation, in milliseconds since the epoch. */
  rotatedAt: number | undefined;
  /** The labels of each labelled version, by version id. */
  stages: ReadonlyMap<string, readonly string[]>;
}

/** Returns a secret's metadata. Throws the service's errors. */
export async function describeSecret(secretId: string): Promise<SecretDescription> {
  const command = new DescribeSecretCommand({ SecretId: secretId });
  const { ARN, Name, RotationEnabled, LastRotatedDate, VersionIdsToStages } = await secretsManager.send(command);
  return {
    arn: ARN ?? '',
    name: Name ?? '',
    rotationEnabled: RotationEnabled ?? false,
    rotatedAt: LastRotatedDate?.getTime(),
    stages: new Map(Object.entries(VersionIdsToStages ?? {})),
  };
}

/** Returns the id of the version with a label. */
export function versionWith({ stages }: SecretDescription, stage: Stage): string | undefined {
  return [...stages.keys()].find((version) => stages.get(version)?.includes(stage));
}

/** Returns a version's value, or undefined without one. Throws the service's errors. */
export async function readVersion(secretId: string, version: string): Promise<string | undefined> {
  return (await readVersionWithDate(secretId, version))?.text;
}

/** Returns a version's value and creation time, or undefined without a value. Throws the service's errors. */
export async function readVersionWithDate(secretId: string, version: string): Promise<VersionValue | undefined> {
  try {
    const command = new GetSecretValueCommand({ SecretId: secretId, VersionId: version });
    const { SecretString = '', CreatedDate } = await secretsManager.send(command);
    return { text: SecretString, createdAt: CreatedDate?.getTime() ?? 0 };
  } catch (error) {
    // A rotation starts with a version without a value.
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** Stores the pending version's value, unless an earlier attempt has stored another one. Throws the service's errors. */
export async function putPending(secretId: string, version: string, value: string): Promise<void> {
  const command = new PutSecretValueCommand({
    SecretId: secretId,
    ClientRequestToken: version,
    SecretString: value,
    VersionStages: ['AWSPENDING'],
  });
  await secretsManager.send(command).catch((error: unknown) => {
    if (!(error instanceof ResourceExistsException)) throw error;
  });
}

/** Moves AWSCURRENT to a version, if it does not have the label yet. Throws the service's errors. */
export async function promote(secretId: string, version: string, from: string | undefined): Promise<void> {
  const move = { VersionStage: 'AWSCURRENT', MoveToVersionId: version, RemoveFromVersionId: from };
  await moveLabel(secretId, move, (secret) => versionWith(secret, 'AWSCURRENT') === version);
}

/** Removes AWSPENDING from a version, if it still has the label, so that the next rotation creates a new version. Throws the service's errors. */
export async function withdrawPending(secretId: string, version: string): Promise<void> {
  const move = { VersionStage: 'AWSPENDING', RemoveFromVersionId: version };
  await moveLabel(secretId, move, (secret) => versionWith(secret, 'AWSPENDING') !== version);
}

/** Moves a label. An error is ignored when an earlier attempt, whose response was lost, has moved the label. */
async function moveLabel(
  secretId: string,
  move: Omit<UpdateSecretVersionStageCommandInput, 'SecretId'>,
  isMoved: (secret: SecretDescription) => boolean,
): Promise<void> {
  const command = new UpdateSecretVersionStageCommand({ SecretId: secretId, ...move });
  await secretsManager.send(command).catch(async (error: unknown) => {
    if (!(error instanceof InvalidParameterException) || !isMoved(await describeSecret(secretId))) throw error;
  });
}

/** A labelled version of a secret. `createdAt` is in milliseconds since the epoch. */
export interface Version {
  id: string;
  stages: readonly string[];
  createdAt: number;
}

/** Returns a secret's labelled versions, the newest first. Throws the service's errors. */
export async function listVersions(secretId: string): Promise<Version[]> {
  const { Versions = [] } = await secretsManager.send(
    new ListSecretVersionIdsCommand({ SecretId: secretId, MaxResults: 100 }),
  );
  return Versions.map(({ VersionId = '', VersionStages = [], CreatedDate }) => ({
    id: VersionId,
    stages: VersionStages,
    createdAt: CreatedDate?.getTime() ?? 0,
  })).toSorted((one, other) => other.createdAt - one.createdAt);
}

/** Returns the current version. */
export function versionInUse(versions: readonly Version[]): Version | undefined {
  return versions.find(({ stages }) => stages.includes('AWSCURRENT'));
}

/** Returns whether a version is pending and not current: a rotation is running or has stopped. */
export function isPending({ stages }: Version): boolean {
  return stages.includes('AWSPENDING') && !stages.includes('AWSCURRENT');
}
