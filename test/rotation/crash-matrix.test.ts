import { beforeEach, describe, expect, test } from 'vitest';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import { makeSealingKey, type SealingKeys } from '#lib/webauth/state.ts';
import { faults } from './gate.ts';
import { useFixture, type Rotated } from './fixture.ts';

const initialKeys: SealingKeys = { next: makeSealingKey(), current: makeSealingKey(), previous: makeSealingKey() };
const fixture = await useFixture({}, async ({ create, mint, adminToken }) => {
  await create('admin-token', { token: adminToken });
  await create('manage-token', await mint());
  await create('sealing-keys', initialKeys);
});

interface Cell {
  /** The number of the call, from 1. */
  call: number;
  name: string;
  fault: (typeof faults)[number];
}

/** Returns every call of a rotation without faults, combined with every fault. */
async function cellsOf(secret: Rotated, prepare = async () => {}): Promise<Cell[]> {
  await fixture.prepare();
  await prepare();
  await fixture.rotate(secret);
  const calls = fixture.gate.calls();
  return calls.flatMap((name, index) => faults.map((fault) => ({ call: index + 1, name, fault })));
}

/** Makes upstream reject every manage JWT. */
async function rejectTokens(): Promise<void> {
  const body = '{"code":"invalidToken"}';
  const rejection = { status: 403, headers: { 'content-type': 'application/json' }, body };
  fixture.gate.intercept((name) => (name.startsWith('GET /users') ? Promise.resolve(rejection) : undefined));
}

/** Starts without sealing keys. */
async function removeKeys(): Promise<void> {
  await fixture.reset();
  await fixture.create('sealing-keys');
}

const rejectedCall = (cells: Cell[]) => cells.find(({ name }) => name.startsWith('GET /users'))?.call ?? NaN;
const matrix = {
  manageToken: await cellsOf('manage-token'),
  // Before the rejected call, the rotation is the same as above.
  rejected: (await cellsOf('manage-token', rejectTokens)).filter(({ call }, _, cells) => call >= rejectedCall(cells)),
  sealingKeys: await cellsOf('sealing-keys'),
  // Only the writes differ from a later rotation.
  first: (await cellsOf('sealing-keys', removeKeys)).filter(({ name }) => /^(?:Put|Update)/.test(name)),
};

const names = (cells: Cell[]) => new Set(cells.map(({ name }) => name.replace(/\d+$/, '{id}')));

test('the matrix contains every call', () => {
  const moves = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'];
  expect(names(matrix.manageToken)).toEqual(new Set([...moves, 'POST /admin/jwt', 'GET /users/{id}']));
  expect(names(matrix.rejected)).toEqual(new Set(['GET /users/{id}', 'UpdateSecretVersionStage', 'DescribeSecret']));
  expect(names(matrix.sealingKeys)).toEqual(new Set(moves));
  expect(names(matrix.first)).toEqual(new Set(['PutSecretValue', 'UpdateSecretVersionStage']));
});

async function rotateWithFault(secret: Rotated, { call, fault }: Cell): Promise<void> {
  fixture.gate.plan(call - 1, fault);
  await fixture.rotate(secret);
  expect(fixture.gate.isWaiting()).toBe(false);
}

/** Expects that the rotation has ended: the pending version is current, and the previous one has its label. */
async function expectOneCurrent(secret: Rotated): Promise<void> {
  const labels = Object.values(await fixture.stages(secret)).map((stages) => stages.toSorted());
  expect(labels).toHaveLength(2);
  expect(labels).toEqual(expect.arrayContaining([['AWSCURRENT', 'AWSPENDING'], ['AWSPREVIOUS']]));
  expect(await fixture.rotatedAt(secret)).toBeDefined();
}

describe('a rotation of the manage token ends after one retry', () => {
  test.each(matrix.manageToken)('after a $fault at call $call, $name', async (cell) => {
    const before = fixture.minted().length;
    await rotateWithFault('manage-token', cell);
    await expectOneCurrent('manage-token');
    const current = await fixture.value<ManageToken>('manage-token');
    const row = await fixture.budgea.jwts.find(current?.jwt_token ?? '');
    expect(row).toMatchObject({ claims: { type: 'manage_token', scope: 'users' }, exp: current?.expires_at });
    const unused = fixture.minted().length - before - 1;
    expect(unused).toBeGreaterThanOrEqual(0);
    expect(unused).toBeLessThanOrEqual(1);
  });
});

describe('a manage JWT that upstream rejects loses its label within one retry', () => {
  test.each(matrix.rejected)('after a $fault at call $call, $name', async (cell) => {
    const current = await fixture.value<ManageToken>('manage-token');
    await rejectTokens();
    await rotateWithFault('manage-token', cell);
    expect(Object.values(await fixture.stages('manage-token'))).toEqual([['AWSCURRENT']]);
    expect(await fixture.value<ManageToken>('manage-token')).toEqual(current);
  });
});

describe('a rotation of the sealing keys, retried once, moves them exactly one place', () => {
  test.each(matrix.sealingKeys)('after a $fault at call $call, $name', async (cell) => {
    await rotateWithFault('sealing-keys', cell);
    await expectOneCurrent('sealing-keys');
    const keys = await fixture.value<SealingKeys>('sealing-keys');
    expect(keys).toMatchObject({ current: initialKeys.next, previous: initialKeys.current });
    expect(Object.values(initialKeys)).not.toContainEqual(keys?.next);
  });
});

describe('the first rotation of the sealing keys, retried once, creates one value', () => {
  beforeEach(removeKeys);

  test.each(matrix.first)('after a $fault at call $call, $name', async (cell) => {
    await rotateWithFault('sealing-keys', cell);
    expect(Object.values(await fixture.stages('sealing-keys'))).toEqual([['AWSPENDING', 'AWSCURRENT']]);
    expect(Object.keys((await fixture.value('sealing-keys')) ?? {})).toEqual(['next', 'current']);
  });
});
