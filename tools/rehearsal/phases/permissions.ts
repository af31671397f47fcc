import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { resourceName } from '#infra/names.ts';
import { secretFullName, secretNames } from '#lib/config/names.ts';
import { jobs, type Job } from '#lib/operations/jobs.ts';
import { functionName, operations, type Operation, type SecretName } from '#lib/operations/table.ts';
import type { RehearsalContext } from '../context.ts';
import type { Deployment } from './deploy.ts';

/** Reads every secret as every function. Throws when the result differs from the function's row. */
export async function checkPermissions(context: RehearsalContext, { functions }: Deployment): Promise<void> {
  await context.phase('Read every secret as every function', async (report) => {
    const declared = declaredSecrets();
    let allowed = 0;
    for (const { name, role } of functions) {
      const expected = declared.get(name.slice(resourceName(context.name, '').length)) ?? [];
      const readable = await readableSecrets(context, role);
      if (String(readable) !== String(expected)) {
        throw new Error(`${name} can read ${String(readable)}, and its row declares ${String(expected)}`);
      }
      allowed += readable.length;
    }
    report(`${functions.length * secretNames.length} reads: ${allowed} allowed, the others denied`);
  });
}

function declaredSecrets(): Map<string, SecretName[]> {
  const rows = [
    ...Object.entries<Operation>(operations).map(([id, { needs }]) => [id, needs.secrets] as const),
    ...Object.entries<Job>(jobs).map(
      ([id, { secrets, rotates }]) => [id, rotates ? [...secrets, rotates] : secrets] as const,
    ),
  ];
  return new Map(rows.map(([id, names]) => [functionName(id), secretNames.filter((secret) => names.includes(secret))]));
}

async function readableSecrets(
  { name, region, cloud, secretsManager }: RehearsalContext,
  role: string,
): Promise<SecretName[]> {
  const credentials = await cloud.assumeRole(role);
  const client = new SecretsManagerClient({ endpoint: secretsManager.url, region, credentials });
  const readable: SecretName[] = [];
  for (const secret of secretNames) {
    try {
      await client.send(new GetSecretValueCommand({ SecretId: secretFullName(name, secret) }));
      readable.push(secret);
    } catch (error) {
      if (!(error instanceof Error && error.name.startsWith('AccessDenied'))) throw error;
    }
  }
  return readable;
}
