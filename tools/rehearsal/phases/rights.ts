import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { resourceName } from '#infra/names.ts';
import { secretFullName, secretNames } from '#lib/config/names.ts';
import { jobs, type Job } from '#lib/operations/jobs.ts';
import { functionName, operations, type Operation, type SecretName } from '#lib/operations/table.ts';
import type { Scene } from '../scene.ts';
import type { Deployed } from './deploy.ts';

/** Reads every secret as every function. Throws when one can read what its row does not name, or cannot read what it names. */
export async function tryRights(scene: Scene, { functions }: Deployed): Promise<void> {
  const { environment, transcript } = scene;
  await transcript.phase('Read every secret as every function', async (tell) => {
    let allowed = 0;
    for (const { name, role } of functions) {
      const may = readable().get(name.slice(resourceName(environment.name, '').length)) ?? [];
      const can = await readableAs(scene, role);
      if (String(can) !== String(may))
        throw new Error(`${name} can read ${String(can)}, and its row says ${String(may)}`);
      allowed += can.length;
    }
    tell(
      `${functions.length * secretNames.length} reads: ${allowed} allowed, all others denied, as the functions’ rows say`,
    );
  });
}

/** What each function's row says. */
function readable(): Map<string, SecretName[]> {
  const rows = [
    ...Object.entries<Operation>(operations).map(([id, { needs }]) => [id, needs.secrets] as const),
    ...Object.entries<Job>(jobs).map(
      ([id, { secrets, rotates }]) => [id, rotates ? [...secrets, rotates] : secrets] as const,
    ),
  ];
  return new Map(rows.map(([id, named]) => [functionName(id), secretNames.filter((secret) => named.includes(secret))]));
}

async function readableAs({ identities, environment, rotation }: Scene, role: string): Promise<SecretName[]> {
  const credentials = await identities.assumeRole(role);
  const client = new SecretsManagerClient({ endpoint: rotation.url, region: environment.region, credentials });
  const can: SecretName[] = [];
  for (const secret of secretNames) {
    try {
      await client.send(new GetSecretValueCommand({ SecretId: secretFullName(environment.name, secret) }));
      can.push(secret);
    } catch (error) {
      if (!(error instanceof Error && error.name.startsWith('AccessDenied'))) throw error;
    }
  }
  return can;
}
