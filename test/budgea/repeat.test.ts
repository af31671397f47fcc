import { describe, expect, test } from 'vitest';
import { ApiError, AuthenticationApi, Configuration, TransportError } from '#lib/budgea/authentication-api.ts';
import { holdTimers } from '../timers.ts';
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

// Spelled out, so that a slip in the client's own table is found.
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
  'a truncated answer': (socket) => void socket.end(`${head(200, { 'content-length': '100' })}{"id":`),
  'status 500': json({ code: 'bug' }, 500),
  'status 502': respond(502, '<html>'),
  'status 504': respond(504),
};

describe.each(operationNames)('%s', (name) => {
  const operation = operations[name];
  const times = sentOnce.has(name) ? 1 : 2;

  test.each(Object.keys(failures))('is sent so often before it gives up on %s', async (failure) => {
    const { server, api } = await scripted(failures[failure] ?? stall);
    const given = await outcome(operation.call(api));
    expect(given).toBeInstanceOf(failure.startsWith('status') ? ApiError : TransportError);
    expect(server.received).toHaveLength(times);
  });

  test('recovers from a failure where it may be sent again', async () => {
    const { server, api } = await scripted(reset, operation.success);
    const given = await outcome(operation.call(api));
    const broken = expect.objectContaining({ failure: 'broken', sent: true });
    expect(given).toEqual(times === 1 ? broken : operation.result);
    expect(server.received).toHaveLength(times);
    expect(new Set(server.received.map(({ line }) => line)).size).toBe(1);
  });

  test.each([400, 401, 403, 404, 409, 429, 501, 503])('takes status %i for an answer', async (status) => {
    const { server, api } = await scripted(json({ code: 'someCode' }, status));
    await expect(operation.call(api)).rejects.toMatchObject({ name: 'ApiError', status, code: 'someCode' });
    expect(server.received).toHaveLength(1);
  });

  test('is not sent when its signal has already ended it', async () => {
    const { server, api } = await scripted(operation.success);
    await expect(operation.call(api, { signal: AbortSignal.abort() })).rejects.toMatchObject({ failure: 'aborted' });
    expect(server.received).toHaveLength(0);
  });

  test('is not sent again once its signal has ended it', async () => {
    const controller = new AbortController();
    const { server, api } = await scripted(() => controller.abort());
    await expect(operation.call(api, { signal: controller.signal })).rejects.toMatchObject({
      failure: 'aborted',
      sent: true,
    });
    expect(server.received).toHaveLength(1);
  });
});

describe('a repeated delete', () => {
  const invalidToken = json({ code: 'invalidToken' }, 403);
  const notFound = json({ code: 'notFound' }, 404);

  test.each<[string, OperationName, Answer, Answer]>([
    ['a user that is gone', 'users_id_user_delete', reset, notFound],
    ['a user that is gone after a server error', 'users_id_user_delete', json({ code: 'bug' }, 500), notFound],
    ['connections that are gone', 'hash_delete', reset, notFound],
    ['a token that is gone', 'auth_token_delete', reset, notFound],
    ['a token that is not known', 'auth_token_delete', reset, json({ code: 'unauthorized' }, 401)],
    ['a token that is not valid', 'auth_token_delete', reset, invalidToken],
  ])('succeeds for %s', async (_, name, first, second) => {
    const { server, api } = await scripted(first, second);
    await expect(operations[name].call(api)).resolves.toBeUndefined();
    expect(server.received).toHaveLength(2);
  });

  test('fails for a token that lacks a right, as that token lives on', async () => {
    const { api } = await scripted(reset, json({ code: 'forbidden' }, 403));
    await expect(api.authTokenDelete()).rejects.toMatchObject({ status: 403, code: 'forbidden' });
  });

  test('fails for a user whose token is refused, as that says nothing about the user', async () => {
    const { api } = await scripted(reset, invalidToken);
    await expect(api.usersIdUserDelete('me')).rejects.toMatchObject({ code: 'invalidToken' });
  });

  test('fails when it fails again', async () => {
    const { api } = await scripted(reset, json({ code: 'maintenance' }, 503));
    await expect(api.hashDelete()).rejects.toMatchObject({ status: 503 });
    const broken = await scripted(reset, reset);
    await expect(broken.api.hashDelete()).rejects.toMatchObject({ failure: 'broken' });
  });

  test('is not taken for done when the first never left', async () => {
    let attempts = 0;
    const api = new AuthenticationApi(new Configuration(), async () => {
      if (++attempts === 1) throw new TransportError('unreachable', 'no route', { sent: false });
      return { status: 404, headers: {}, body: '' };
    });
    await expect(api.usersIdUserDelete(7)).rejects.toMatchObject({ status: 404 });
    expect(attempts).toBe(2);
  });
});

test('a repeated read does not take nothing for a success', async () => {
  const { api } = await scripted(reset, json({ code: 'notFound' }, 404));
  await expect(api.usersIdUserGet(7)).rejects.toMatchObject({ status: 404 });
});

test('an answer that is not what was specified is not asked for again', async () => {
  const { server, api } = await scripted(bytes(`${head(200, { 'content-length': '2' })}[]`));
  await expect(api.usersIdUserGet(7)).rejects.toMatchObject({ failure: 'malformed' });
  expect(server.received).toHaveLength(1);
});

test('an error of the sender itself is passed on', async () => {
  const error = new Error('not ours');
  const api = new AuthenticationApi(new Configuration(), () => Promise.reject(error));
  await expect(api.usersIdUserGet(7)).rejects.toBe(error);
});

test('an attempt that the caller ended is the last', async () => {
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

test('one deadline covers all attempts', async () => {
  const server = await startServer([reset, stall]);
  const total = 20_000;
  const api = new AuthenticationApi(new Configuration({ basePath: server.url, timeouts: { total } }));
  const deadlines = holdTimers((milliseconds) => milliseconds === total);
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
