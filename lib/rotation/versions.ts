import { ListSecretVersionIdsCommand } from '@aws-sdk/client-secrets-manager';
import { secretsManager } from '../secrets-manager.ts';

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
