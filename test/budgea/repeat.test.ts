import { describe, expect, test } from 'vitest';
import { ApiError, AuthenticationApi, Configuration, TransportError } from '#lib/budgea/authentication-api.ts';
import { pauseTimers } from '../timers.ts';
import { operationNames, operations, type OperationName } from './operations.ts';
import {
  bytes,
  hangUp,
  head,
  json,
  reset,
  respond,
  serversForThisFile,
  stall,
  type Answer,
} from './scripted-server.ts';

const startServer = serversForThisFile();

async function scripted(...script: Answer[]) {
  const server = await startServer(script);
  return { server, api: new AuthenticationApi(new Configuration({ basePath: server.url })) };
}

const outcome = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

// Listed here, so that an error in the client's table is detected.
const sentOnce = new Set<OperationName>([
  'admin_jwt_post',
  'auth_init_post',
  'auth_jwt_post',
  'auth_token_access_post',
  'auth_token_code_get',
  'users_id_user_token_post',
  'webauth_get',
]);

const failures: Record<string, Answer> = {
  'a reset': reset,
  'a connection that ends': hangUp,
  'a truncated response': (socket) => void socket.end(`${head(200, { 'content-length': '100' })}{"id":`),
  'status 500': json({ code: 'bug' }, 500),
  'status 502': respond(502, '<html>'),
  'status 504': respond(504),
};

describe.each(operationNames)('%s', (name) => {
  const operation = operations[name];
  const times = sentOnce.has(name) ? 1 : 2;

  test.each(Object.keys(failures))('is sent the expected number of times on %s', async (failure) => {
    const { server, api } = await scripted(failures[failure] ?? stall);
    const result = await outcome(operation.call(api));
    expect(result).toBeInstanceOf(failure.startsWith('status') ? ApiError : TransportError);
    expect(server.received).toHaveLength(times);
  });

  test('succeeds after a failure if it is repeatable', async () => {
    const { server, api } = await scripted(reset, operation.success);
    const result = await outcome(operation.call(api));
    const broken = expect.objectContaining({ failure: 'broken', sent: true });
    expect(result).toEqual(times === 1 ? broken : operation.result);
    expect(server.received).toHaveLength(times);
    expect(new Set(server.received.map(({ line }) => line)).size).toBe(1);
  });

  test.each([400, 401, 403, 404, 409, 429, 501, 503])('is not retried on status %i', async (status) => {
    const { server, api } = await scripted(json({ code: 'someCode' }, status));
    await expect(operation.call(api)).rejects.toMatchObject({ name: 'ApiError', status, code: 'someCode' });
    expect(server.received).toHaveLength(1);
  });

  test('is not sent when its signal is aborted', async () => {
    const { server, api } = await scripted(operation.success);
    await expect(operation.call(api, { signal: AbortSignal.abort() })).rejects.toMatchObject({ failure: 'aborted' });
    expect(server.received).toHaveLength(0);
  });

  test('is not retried after its signal aborts', async () => {
    const controller = new AbortController();
    const { server, api } = await scripted(() => controller.abort());
    await expect(operation.call(api, { signal: controller.signal })).rejects.toMatchObject({
      failure: 'aborted',
      sent: true,
    });
    expect(server.received).toHaveLength(1);
  });
});

describe('a retried deletion', () => {
  const invalidToken = json({ code: 'invalidToken' }, 403);
  const notFound = json({ code: 'notFound' }, 404);

  test.each<[string, OperationName, Answer, Answer]>([
    ['a missing user', 'users_id_user_delete', reset, notFound],
    ['a missing user after a server error', 'users_id_user_delete', json({ code: 'bug' }, 500), notFound],
    ['missing connections', 'hash_delete', reset, notFound],
    ['a missing token', 'auth_token_delete', reset, notFound],
    ['an unknown token', 'auth_token_delete', reset, json({ code: 'unauthorized' }, 401)],
    ['an invalid token', 'auth_token_delete', reset, invalidToken],
  ])('succeeds for %s', async (_, name, first, second) => {
    const { server, api } = await scripted(first, second);
    await expect(operations[name].call(api)).resolves.toBeUndefined();
    expect(server.received).toHaveLength(2);
  });

  // A token without the permission still exists, and so may a user whose token is invalid.
  test.each<[string, OperationName, Answer, object]>([
    ['a token without the permission', 'auth_token_delete', json({ code: 'forbidden' }, 403), { code: 'forbidden' }],
    ['an invalid token of a user', 'users_id_user_delete', invalidToken, { code: 'invalidToken' }],
    ['another failure', 'hash_delete', json({ code: 'maintenance' }, 503), { status: 503 }],
    ['another reset', 'hash_delete', reset, { failure: 'broken' }],
  ])('fails for %s', async (_, name, second, error) => {
    const { api } = await scripted(reset, second);
    await expect(operations[name].call(api)).rejects.toMatchObject(error);
  });

  test('fails on 404 when the first attempt was not sent', async () => {
    let attempts = 0;
    const api = new AuthenticationApi(new Configuration(), async () => {
      if (++attempts === 1) throw new TransportError('unreachable', 'no route', { sent: false });
      return { status: 404, headers: {}, body: '' };
    });
    await expect(api.usersIdUserDelete(7)).rejects.toMatchObject({ status: 404 });
    expect(attempts).toBe(2);
  });
});

test('a retried read fails on 404', async () => {
  const { api } = await scripted(reset, json({ code: 'notFound' }, 404));
  await expect(api.usersIdUserGet(7)).rejects.toMatchObject({ status: 404 });
});

test('a response that does not match the specification is not retried', async () => {
  const { server, api } = await scripted(bytes(`${head(200, { 'content-length': '2' })}[]`));
  await expect(api.usersIdUserGet(7)).rejects.toMatchObject({ failure: 'malformed' });
  expect(server.received).toHaveLength(1);
});

test('an unknown error of the sender is rethrown', async () => {
  const error = new Error('unknown');
  const api = new AuthenticationApi(new Configuration(), () => Promise.reject(error));
  await expect(api.usersIdUserGet(7)).rejects.toBe(error);
});

test('a call is not retried after the caller aborts', async () => {
  const controller = new AbortController();
  let attempts = 0;
  const api = new AuthenticationApi(new Configuration(), async () => {
    attempts++;
    controller.abort();
    throw new TransportError('broken', 'the end', { sent: true });
  });
  await expect(api.usersIdUserGet(7, {}, { signal: controller.signal })).rejects.toMatchObject({ failure: 'broken' });
  expect(attempts).toBe(1);
});

test('one timeout covers all attempts', async () => {
  const server = await startServer([reset, stall]);
  const total = 20_000;
  const api = new AuthenticationApi(new Configuration({ basePath: server.url, timeouts: { total } }));
  const deadlines = pauseTimers((milliseconds) => milliseconds === total);
  const { signal } = new AbortController();
  const error = outcome(api.usersIdUserGet(7, {}, { signal }));
  await expect.poll(() => server.received.length).toBe(2);
  expect(deadlines).toHaveLength(1);
  deadlines[0]?.run();
  expect(await error).toMatchObject({
    failure: 'timeout',
    sent: true,
    message: expect.stringContaining('TimeoutError'),
  });
  expect(server.received).toHaveLength(2);
});
