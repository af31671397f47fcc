import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { vi } from 'vitest';
import { newContext } from '#local/api-gateway/invoke.ts';
import { toEvent } from '#local/api-gateway/event.ts';
import { startProxy } from '../proxy.ts';

/** A container of `GET /users/{id_user}`, which signs every call with the manage JWT. */
export type Instance = Awaited<ReturnType<Awaited<ReturnType<typeof prepareInstances>>['start']>>;

/** Returns a source of containers whose caller is a partner with the grant `users:all`. Requires a fixture with a table. */
export async function prepareInstances() {
  const { createPartner } = await import('#lib/partners/directory.ts');
  const { key } = await createPartner({ name: 'An operator', grants: ['users:all'] });
  const event = readAllUsers(key);
  const secretsManager = process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? '';
  const closing: (() => Promise<void>)[] = [];

  return {
    /** Starts a container that has not read any secret. */
    async start() {
      let count = 0;
      const proxy = await startProxy(
        () => secretsManager,
        (request, forward) => {
          if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue') count++;
          return forward();
        },
      );
      closing.push(() => proxy.close());
      vi.resetModules();
      const [{ handler }, { readSecretText }] = await Promise.all([
        import('#functions/users-id-user-get.ts'),
        import('#lib/secrets/reader.ts'),
      ]);
      // A client reads the endpoint from the environment at its first call.
      process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = proxy.url;
      await readSecretText('unknown').catch(() => undefined);
      count = 0;
      process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = secretsManager;
      return {
        call: () => handler(event, newContext('users-id-user-get', 29_000)),
        /** Returns how often the container read a secret since the last time. */
        reads: () => count - (count = 0),
      };
    },
    async close() {
      for (const close of closing) await close();
    },
  };
}

function readAllUsers(key: string): APIGatewayProxyEventV2 {
  const request = {
    requestId: 'a request id',
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
