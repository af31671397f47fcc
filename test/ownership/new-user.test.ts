import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type * as Ownership from '#lib/partners/ownership.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { apiKey } from '../key-forms.ts';
import { startProxy, type RunningProxy } from '../proxy.ts';
import { refused, refusedAtOnce, watched, type Watched } from '../refused.ts';
import { noFault, startFaultyAws, type FaultyAws } from './faulty-aws.ts';

let aws: FaultyAws;
let gateway: Gateway;
let ownership: typeof Ownership;
let partner: DemoPartner;
let other: DemoPartner;
let manageToken: string;
/** Stands before the sandbox, and makes of its answers what a test wants. */
let wire: RunningProxy;
let edit: (answer: Record<string, unknown>) => unknown = (answer) => answer;
/** The last token that upstream gave. */
let token = '';

beforeAll(async () => {
  aws = await startFaultyAws();
  gateway = await startGateway({ awsEndpoint: aws.url });
  ownership = await import('#lib/partners/ownership.ts');
  [partner, other] = await Promise.all([gateway.newPartner(), gateway.newPartner()]);
  manageToken = (await gateway.secret<{ jwt_token: string }>('manage-token')).jwt_token;
  const { origin } = new URL(gateway.file.sandbox ?? '');
  wire = await startProxy(
    () => origin,
    async ({ method }, forward) => {
      const answer = await forward();
      if (method !== 'POST') return answer;
      const made = JSON.parse(answer.body) as Record<string, unknown>;
      token = String(made['auth_token'] ?? made['jwt_token']);
      return { ...answer, body: JSON.stringify(edit(made)) };
    },
  );
});
afterEach(() => {
  aws.fault = noFault;
  edit = (answer) => answer;
});
afterAll(async () => {
  await wire.close();
  await gateway.close();
  await aws.close();
});

/** The id that the next user gets. */
async function nextId(): Promise<string> {
  return String(Number((await gateway.newUser(other)).id) + 1);
}

/** What upstream, asked by the operator, says of a user, and of the new token. */
async function afterwards(id: string): Promise<{ user: number; token: number }> {
  const [user, own] = await Promise.all([
    gateway.sandbox('GET', `/users/${id}`, authorization(`Bearer ${manageToken}`)),
    gateway.sandbox('GET', '/users/me', authorization(`Bearer ${token}`)),
  ]);
  return { user: user.status, token: own.status };
}
const kept = { user: 200, token: 403 };
const deleted = { user: 404, token: 403 };

const onUsers = (faults: Record<string, 'error' | 'lost'>) => (operation: string, item: string) =>
  item.startsWith('USER#') ? faults[operation] : undefined;

/** The one log line of the call, in which no secret may be. */
function logLine(): unknown {
  const [line, ...more] = gateway.logs();
  expect(more).toEqual([]);
  expect(JSON.stringify(line)).not.toContain(token);
  expect(JSON.stringify(line)).not.toContain(partner.client_secret);
  return line;
}

describe.each<[string, string, (partner: DemoPartner) => TestRequest]>([
  ['POST /auth/init for a client', '/auth/init', (caller) => json(caller)],
  ['POST /auth/init for a manager', '/auth/init', ({ client_secret }) => authorization(client_secret)],
  ['POST /auth/init for an identified one', '/auth/init', ({ client_secret }) => apiKey(client_secret)],
  ['POST /auth/jwt for a client', '/auth/jwt', (caller) => json(caller)],
  ['POST /auth/jwt for a manager', '/auth/jwt', ({ client_secret }) => authorization(client_secret)],
])('%s', (_name, path, request) => {
  const ask = (): Promise<Watched> => {
    gateway.logs();
    return gateway.withUpstream(`${wire.url}/2.0`, () =>
      watched(gateway, () => gateway.ask.http('POST', path, request(partner))),
    );
  };
  const failed = (undone: string[]) => ({ ...refused(502, 'badGateway'), upstream: [`POST ${path}`, ...undone] });

  test('gives the user to the partner when the write’s answer was lost', async () => {
    const id = await nextId();
    aws.fault = onUsers({ PutItem: 'lost' });
    expect(await ask()).toMatchObject({ status: 200, upstream: [`POST ${path}`] });
    expect(await ownership.ownershipOf(id)).toMatchObject({ owner: partner.client_id });
  });

  test('deletes the user, by its own token, when the write failed and there is no record', async () => {
    const id = await nextId();
    aws.fault = onUsers({ PutItem: 'error' });
    expect(await ask()).toMatchObject(failed(['DELETE /users/me']));
    expect(await afterwards(id)).toEqual(deleted);
    expect(logLine()).toMatchObject({ status: 502, id_user: id, partner: partner.client_id });
  });

  test.each([
    ['the write says so', {}],
    ['the write failed and a read says so', { PutItem: 'error' as const }],
  ])('deletes nothing of another partner’s: %s', async (_case, faults) => {
    const id = await nextId();
    await ownership.saveOwner(id, other.client_id);
    aws.fault = onUsers(faults);
    const answer = await ask();
    expect(answer).toMatchObject(failed(['DELETE /auth/token']));
    expect(answer.text).not.toContain(token);
    expect(await afterwards(id)).toEqual(kept);
    aws.fault = noFault;
    expect(await ownership.ownershipOf(id)).toEqual({ owner: other.client_id });
    const metrics = [
      expect.objectContaining({
        Metrics: expect.arrayContaining([{ Name: 'OwnershipConflict', Unit: 'Count' }]) as unknown,
      }),
    ];
    expect(logLine()).toMatchObject({ OwnershipConflict: 1, _aws: { CloudWatchMetrics: metrics } });
  });

  test('deletes nothing, and gives nothing, when it stays unknown whose the user is', async () => {
    const id = await nextId();
    aws.fault = onUsers({ PutItem: 'error', GetItem: 'error' });
    expect(await ask()).toMatchObject(failed(['DELETE /auth/token']));
    expect(await afterwards(id)).toEqual(kept);
    expect(logLine()).not.toHaveProperty('OwnershipConflict');
  });

  test.each([
    ['the user', { PutItem: 'error' as const }, '/users/me', ['DELETE /users/me', 'DELETE /users/me']],
    [
      'the token',
      { PutItem: 'error' as const, GetItem: 'error' as const },
      '/auth/token',
      ['DELETE /auth/token', 'DELETE /auth/token'],
    ],
  ])('tells the operator when %s cannot be removed', async (_what, faults, at, attempts) => {
    aws.fault = onUsers(faults);
    await gateway.control('failures', { answer: 'bug', path: at, times: 2 });
    expect(await ask()).toMatchObject(failed(attempts));
    expect(logLine()).toMatchObject({ UndoFailed: 1 });
  });

  const withoutId: ((answer: Record<string, unknown>) => unknown)[] = [
    ({ jwt_token, ...answer }) => (jwt_token === undefined ? { ...answer, id_user: undefined } : { jwt_token }),
    (answer) => ({ ...answer, id_user: null, payload: null }),
    (answer) => ({ ...answer, id_user: null, payload: { id_user: null } }),
  ];
  test.each(withoutId)('asks who the user is when the answer does not say', async (edited) => {
    const id = await nextId();
    edit = edited;
    expect(await ask()).toMatchObject({ status: 200, upstream: [`POST ${path}`, 'GET /users/me'] });
    expect(await ownership.ownershipOf(id)).toMatchObject({ owner: partner.client_id });
  });

  test('deletes the user when nobody says who it is', async () => {
    const id = await nextId();
    edit = withoutId[0] ?? edit;
    await gateway.control('failures', { answer: 'html', path: '/users/me', times: 2 });
    expect(await ask()).toMatchObject(failed(['GET /users/me', 'GET /users/me', 'DELETE /users/me']));
    expect(await afterwards(id)).toEqual(deleted);
  });

  test('records nothing of a user that upstream did not make', async () => {
    const id = await nextId();
    await gateway.control('failures', { answer: 'bug', path });
    expect(await ask()).toMatchObject(refused(502, 'bug'));
    expect(await ownership.ownershipOf(id)).toBeUndefined();
  });
});

test.each<[string, (unseen: DemoPartner) => TestRequest]>([
  ['/admin/jwt', ({ client_secret }) => authorization(client_secret)],
  ['/auth/init', (unseen) => json(unseen)],
  ['/auth/init', ({ client_secret }) => apiKey(client_secret)],
  ['/auth/jwt', ({ client_secret }) => authorization(client_secret)],
  ['/auth/token/access', (unseen) => json({ ...unseen, code: 'x' })],
])('POST %s asks upstream nothing for a partner that cannot be looked up', async (path, request) => {
  const unseen = await gateway.newPartner({ grants: ['admin:jwt:config:1'] });
  aws.fault = () => 'unreachable';
  const answer = await watched(gateway, () => gateway.ask.http('POST', path, request(unseen)));
  expect(answer).toMatchObject({ ...refusedAtOnce(503, 'unavailable'), headers: { 'retry-after': '5' } });
});

test('a mistyped key is refused without a look at the table', async () => {
  const { client_secret: key } = partner;
  aws.fault = () => 'unreachable';
  const mistyped = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
  const answer = await watched(gateway, () => gateway.ask.http('POST', '/auth/init', apiKey(mistyped)));
  expect(answer).toMatchObject(refusedAtOnce(401, 'invalidClient'));
});

test('POST /auth/jwt asks upstream nothing while it is unknown whose the user is', async () => {
  const { id } = await gateway.newUser(partner);
  aws.fault = onUsers({ GetItem: 'error' });
  const request = json({ ...partner, id_user: id });
  const answer = await watched(gateway, () => gateway.ask.http('POST', '/auth/jwt', request));
  expect(answer).toMatchObject({ ...refusedAtOnce(503, 'unavailable'), headers: { 'retry-after': '5' } });
});
