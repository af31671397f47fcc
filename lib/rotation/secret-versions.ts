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

/** The label of the version in use, of the one before it, and of the one that is being made. */
export type Stage = 'AWSCURRENT' | 'AWSPREVIOUS' | 'AWSPENDING';

/** A version's value, and when the version was made, in milliseconds since the epoch. */
export interface VersionValue {
  text: string;
  createdAt: number;
}

/** What Secrets Manager says of a secret beside its values. */
export interface SecretDescription {
  arn: string;
  name: string;
  rotationEnabled: boolean;
  /** When a rotation last ended well, in milliseconds since the epoch. */
  rotatedAt: number | undefined;
  /** The labels of each version that has any. */
  stages: ReadonlyMap<string, readonly string[]>;
}

/** Reads what there is to know of a secret without its values. Throws the service's errors. */
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

/** The version that has a label. */
export function versionWith({ stages }: SecretDescription, stage: Stage): string | undefined {
  return [...stages.keys()].find((version) => stages.get(version)?.includes(stage));
}

/** The value of a version; undefined while it has none. Throws the service's errors. */
export async function readVersion(secretId: string, version: string): Promise<string | undefined> {
  return (await readVersionWithDate(secretId, version))?.text;
}

/** The value of a version, and its age; undefined while it has none. Throws the service's errors. */
export async function readVersionWithDate(secretId: string, version: string): Promise<VersionValue | undefined> {
  try {
    const command = new GetSecretValueCommand({ SecretId: secretId, VersionId: version });
    const { SecretString = '', CreatedDate } = await secretsManager.send(command);
    return { text: SecretString, createdAt: CreatedDate?.getTime() ?? 0 };
  } catch (error) {
    // A rotation begins with a version that has a label and no value.
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** Gives the pending version its value, unless an earlier attempt gave it another one: that one stays. Throws the service's errors. */
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

/** Makes a version the one in use. Throws the service's errors, but not when it is in use already. */
export async function promote(secretId: string, version: string, from: string | undefined): Promise<void> {
  const move = { VersionStage: 'AWSCURRENT', MoveToVersionId: version, RemoveFromVersionId: from };
  await moveLabel(secretId, move, (secret) => versionWith(secret, 'AWSCURRENT') === version);
}

/**
 * Takes the pending label off a version, so that the next rotation begins with a new one. Throws the service's errors, but not when the
 * version does not have it any more.
 */
export async function withdrawPending(secretId: string, version: string): Promise<void> {
  const move = { VersionStage: 'AWSPENDING', RemoveFromVersionId: version };
  await moveLabel(secretId, move, (secret) => versionWith(secret, 'AWSPENDING') !== version);
}

/** An earlier attempt may have moved the label and lost its answer. */
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

/** One version of a secret that has labels; `createdAt` in milliseconds since the epoch. */
export interface Version {
  id: string;
  stages: readonly string[];
  createdAt: number;
}

/** A secret's versions, the newest first. Throws the service's errors. */
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

/** The version in use. */
export function versionInUse(versions: readonly Version[]): Version | undefined {
  return versions.find(({ stages }) => stages.includes('AWSCURRENT'));
}

/** A version that is being made and not in use: a rotation is under way, or came to a stop. */
export function isPending({ stages }: Version): boolean {
  return stages.includes('AWSPENDING') && !stages.includes('AWSCURRENT');
}
