import { afterEach, expect, test, vi } from 'vitest';
import { forwardingClient } from '#lib/secrets/upstream.ts';
import { makeKey } from '#lib/partner-key.ts';
import { json, serversForThisFile } from '../budgea/scripted-server.ts';
import { serveOnce } from './serve-once.ts';

const startServer = serversForThisFile();
afterEach(() => vi.unstubAllEnvs());

const withKey = { headers: { authorization: makeKey('12345678') }, pathParameters: { id_user: '12' } };

test.each([
  ['succeeds', 200, async () => ({})],
  ['fails', 500, async () => Promise.reject(new Error('no'))],
])('the use of a key is recorded before the response of a call that %s', async (_, status, endpoint) => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<undefined>();
  const trackUse = vi.fn(() => mayEnd);
  const served = serveOnce('users_id_user_get', endpoint, withKey, trackUse);
  await expect.poll(() => trackUse).toHaveBeenCalledOnce();
  expect(await Promise.race([served, Promise.resolve('still busy')])).toBe('still busy');
  end(undefined);
  expect(await served).toMatchObject({ status });
});

test('the use of a key is recorded while the call waits for upstream', async () => {
  const { promise: recorded, resolve: record } = Promise.withResolvers<undefined>();
  const server = await startServer([(socket, request) => void recorded.then(() => json({ id: 12 })(socket, request))]);
  vi.stubEnv('BUDGEA_URL', server.url);
  const served = await serveOnce(
    'users_id_user_get',
    (call) => forwardingClient(call).usersIdUserGet(12),
    withKey,
    async () => record(undefined),
  );
  expect(served).toMatchObject({ status: 200, body: { id: 12 } });
});
