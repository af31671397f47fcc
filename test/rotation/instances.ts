import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { vi } from 'vitest';
import { newContext } from '#local/api-gateway/context.ts';
import { toEvent } from '#local/api-gateway/event.ts';
import { startProxy } from '../proxy.ts';

/** A container of `GET /users/{id_user}`, whose every call is signed with the manage JWT. */
export interface Instance {
  ask(): Promise<APIGatewayProxyStructuredResultV2>;
  /** How often it read a secret since the last time. */
  readings(): number;
}

/** Containers of one function. */
export interface Instances {
  /** Starts one more, which has not read anything yet. */
  start(): Promise<Instance>;
  close(): Promise<void>;
}

/** Prepares containers whose caller is a partner that may ask for all users; the world has to have a table. */
export async function prepareInstances(): Promise<Instances> {
  const { createPartner } = await import('#lib/partners/directory.ts');
  const { key } = await createPartner({ name: 'An operator', grants: ['users:all'] });
  const event = allUsers(key);
  const secretsManager = process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? '';
  const closing: (() => Promise<void>)[] = [];

  return {
    async start() {
      let reads = 0;
      const proxy = await startProxy(
        () => secretsManager,
        (request, forward) => {
          if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue') reads++;
          return forward();
        },
      );
      closing.push(() => proxy.close());
      vi.resetModules();
      const [{ handler }, { readSecretText }] = await Promise.all([
        import('#functions/users-id-user-get.ts'),
        import('#lib/secrets/reader.ts'),
      ]);
      // A client keeps the endpoint that its first call finds in the environment.
      process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = proxy.url;
      await readSecretText('nowhere').catch(() => undefined);
      reads = 0;
      process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = secretsManager;
      return {
        ask: () => handler(event, newContext('users-id-user-get', 29_000)),
        readings: () => reads - (reads = 0),
      };
    },
    async close() {
      for (const close of closing) await close();
    },
  };
}

function allUsers(key: string): APIGatewayProxyEventV2 {
  const request = {
    requestId: 'of every call',
    traceId: 'Root=1-00000000-000000000000000000000000',
    receivedAt: new Date(),
    method: 'GET',
    protocol: 'HTTP/1.1',
    path: '/2.0/users/all',
    queryString: '',
    headers: [['authorization', `Bearer ${key}`]] as const,
    body: Buffer.alloc(0),
    sourceIp: '127.0.0.1',
    port: 443,
  };
  return toEvent(request, { routeKey: 'GET /2.0/users/{id_user}', pathParameters: { id_user: 'all' } });
}
