import { decodeJwt } from 'jose';
import { AuthenticationApi, Configuration } from '#lib/budgea/authentication-api.ts';
import { useLocal, useSettings } from '#lib/config/process-env.ts';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import { makeAwsKey } from '#local/aws-key.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { startSandbox } from '#local/sandbox/server.ts';
import { startSecretsManager, type SecretsManagerOptions } from '#local/secrets-manager/server.ts';
import { createServers } from '#local/servers.ts';

/** The servers that the functions call, in memory, and a partner. */
export interface SoakStack {
  secretsManagerPort: number;
  sandbox: { port: number; url: string };
  /** The partner's key and users. */
  key: string;
  users: string[];
  /** Resolves when no rotation is running. */
  rotationsEnded: () => Promise<void>;
  close: () => Promise<void>;
}

/** Starts the servers, creates the partner with its users, and sets the environment of a deployed function; `invoke` runs the rotation function. */
export async function startSoakStack(
  userCount: number,
  invoke: NonNullable<SecretsManagerOptions['invoke']>,
): Promise<SoakStack> {
  const servers = createServers(0);
  const aws = makeAwsKey();
  const { accessKeyId } = aws;
  try {
    const secretsManager = await servers.start('Secrets Manager', 0, (port) =>
      startSecretsManager({ port, accessKeyId, invoke }),
    );
    const dynamodb = await servers.start('DynamoDB', 1, (port) => startDynamoDb({ port, accessKeyId }));
    useLocal({ secretsManager: secretsManager.url, dynamodb: dynamodb.url, aws });
    // These modules make AWS clients, which take their endpoints from the environment.
    const { prepareContract, prepareManageToken } = await import('#local/secrets.ts');
    const { createTable } = await import('#local/table.ts');
    const { createPartner } = await import('#lib/partners/directory.ts');
    const { saveOwner } = await import('#lib/partners/ownership.ts');

    const [contract] = await Promise.all([prepareContract(), createTable()]);
    const sandbox = await servers.start('sandbox Budgea', 2, (port) =>
      startSandbox({ port, ...contract, redirectUris: [] }),
    );
    useSettings({ budgea: sandbox.url, gateway: '', certificateTypes: [], rotationMinutes: 240 });
    await prepareManageToken(sandbox.url, contract.adminToken);
    const { record, key } = await createPartner({ name: 'Soak' });
    const budgea = new AuthenticationApi(new Configuration({ basePath: sandbox.url }));
    const newUser = async (): Promise<string> => {
      const { id_user } = await budgea.authInitPost(contract.client);
      await saveOwner(String(id_user), record.client_id);
      return String(id_user);
    };
    return {
      key,
      users: await Promise.all(Array.from({ length: userCount }, newUser)),
      secretsManagerPort: secretsManager.port,
      sandbox,
      rotationsEnded: () => secretsManager.runDueRotations(),
      close: () => servers.close(),
    };
  } catch (error) {
    await servers.close();
    throw error;
  }
}

/** Revokes manage tokens at the sandbox. */
export interface Revoker {
  /** Called when a new manage token is in use; with `revoke`, revokes every older one. */
  promoted: (revoke: boolean) => Promise<void>;
}

/** Creates the revoker of a sandbox, by its base URL. */
export async function createRevoker(sandbox: string): Promise<Revoker> {
  // This module makes an AWS client, which takes its endpoint from the environment.
  const { readSecret } = await import('#local/secrets.ts');
  const currentId = async (): Promise<string> => {
    const { jwt_token = '' } = (await readSecret<ManageToken>('manage-token')) ?? {};
    const { jti } = decodeJwt(jwt_token);
    if (jti === undefined) throw new Error('the manage token has no id');
    return jti;
  };
  let current = await currentId();
  // Instances keep a token until it is rejected, so that older ones than the last are in use too.
  const older: string[] = [];
  return {
    async promoted(revoke) {
      older.push(current);
      if (revoke) await Promise.all(older.splice(0).map((jti) => revokeToken(sandbox, jti)));
      current = await currentId();
    },
  };
}

async function revokeToken(sandbox: string, jti: string): Promise<void> {
  const answer = await fetch(new URL('/_sandbox/manage-tokens/revoke', sandbox), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jti }),
  });
  const { revoked } = (await answer.json()) as { revoked?: number };
  if (revoked !== 1) throw new Error('the sandbox did not revoke a manage token');
}
