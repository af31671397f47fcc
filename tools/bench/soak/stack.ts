import { useLocal, useSettings } from '#lib/config/process-env.ts';
import { AuthenticationApi, Configuration } from '#lib/budgea/authentication-api.ts';
import { makeAwsKey } from '#local/aws-key.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { startSandbox } from '#local/sandbox/server.ts';
import { startSecretsManager, type SecretsManagerOptions } from '#local/secrets-manager/server.ts';
import { createServers } from '#local/servers.ts';

/** Everything that the functions call, on loopback and in memory alone. */
export interface SoakStack {
  secretsManagerPort: number;
  sandbox: { port: number; url: string };
  /** A partner's key, and its users. */
  key: string;
  users: string[];
  /** Resolves when no rotation is running any more. */
  rotationsEnded(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the servers with a contract, a manage token, and a partner with so many users, and gives this process the environment of a deployed
 * function; `invoke` runs the rotation function.
 */
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
    // These make AWS clients, which take their endpoints from the environment.
    const { prepareContract, prepareManageToken } = await import('#local/contract.ts');
    const { createTable } = await import('#local/table.ts');

    const [contract] = await Promise.all([prepareContract(), createTable()]);
    const sandbox = await servers.start('sandbox Budgea', 2, (port) =>
      startSandbox({ port, ...contract, redirectUris: [] }),
    );
    useSettings({ budgea: sandbox.url, gateway: '', certificateTypes: [], rotationMinutes: 240 });
    await prepareManageToken(sandbox.url, contract.adminToken);
    return {
      ...(await createPartnerWithUsers(sandbox.url, contract.client, userCount)),
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

async function createPartnerWithUsers(
  basePath: string,
  client: { client_id: number; client_secret: string },
  userCount: number,
): Promise<Pick<SoakStack, 'key' | 'users'>> {
  const { createPartner } = await import('#lib/partners/directory.ts');
  const { saveOwner } = await import('#lib/partners/ownership.ts');
  const { record, key } = await createPartner({ name: 'Soak' });
  const budgea = new AuthenticationApi(new Configuration({ basePath }));
  const newUser = async (): Promise<string> => {
    const { id_user } = await budgea.authInitPost(client);
    await saveOwner(String(id_user), record.client_id);
    return String(id_user);
  };
  return { key, users: await Promise.all(Array.from({ length: userCount }, newUser)) };
}
