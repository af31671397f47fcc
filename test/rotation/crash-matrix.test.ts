import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import { makeSealingKey, type SealingKeys } from '#lib/webauth/state.ts';
import { faults } from './gate.ts';
import { startWorld, type Rotated } from './world.ts';

const world = await startWorld();
// The SDK waits before it repeats a call, for a random part of its longest pause.
vi.spyOn(Math, 'random').mockReturnValue(0);

const sealed: SealingKeys = { next: makeSealingKey(), current: makeSealingKey(), previous: makeSealingKey() };

interface Cell {
  /** From 1. */
  call: number;
  name: string;
  fault: (typeof faults)[number];
}

/** Every call of a rotation, as they come when nothing breaks, with every fault. */
async function cellsOf(secret: Rotated, begin = async () => {}): Promise<Cell[]> {
  await prepare();
  await begin();
  await world.rotate(secret);
  const calls = world.gate.calls();
  return calls.flatMap((name, index) => faults.map((fault) => ({ call: index + 1, name, fault })));
}

async function prepare(): Promise<void> {
  await world.reset();
  await Promise.all([
    world.create('admin-token', { token: world.adminToken }),
    world.create('manage-token', await world.mint()),
    world.create('sealing-keys', sealed),
  ]);
}

/** Upstream rejects every manage JWT. */
async function reject(): Promise<void> {
  const body = '{"code":"invalidToken"}';
  const rejection = { status: 403, headers: { 'content-type': 'application/json' }, body };
  world.gate.meddle((name) => (name.startsWith('GET /users') ? Promise.resolve(rejection) : undefined));
}

/** There are no sealing keys yet. */
async function empty(): Promise<void> {
  await world.reset();
  await world.create('sealing-keys');
}

const rejectedIn = (cells: Cell[]) => cells.find(({ name }) => name.startsWith('GET /users'))?.call ?? NaN;
const matrix = {
  manageToken: await cellsOf('manage-token'),
  // Up to the call that is rejected, it is the same rotation.
  rejected: (await cellsOf('manage-token', reject)).filter(({ call }, _, cells) => call >= rejectedIn(cells)),
  sealingKeys: await cellsOf('sealing-keys'),
  // Only what it writes is another matter than with keys before.
  first: (await cellsOf('sealing-keys', empty)).filter(({ name }) => /^(?:Put|Update)/.test(name)),
};

beforeEach(prepare);
afterEach(() => world.expectNoLeak());
afterAll(() => world.close());

const names = (cells: Cell[]) => new Set(cells.map(({ name }) => name.replace(/\d+$/, '{id}')));

test('the matrix holds every call that has an effect', () => {
  const moves = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'];
  expect(names(matrix.manageToken)).toEqual(new Set([...moves, 'POST /admin/jwt', 'GET /users/{id}']));
  expect(names(matrix.rejected)).toEqual(new Set(['GET /users/{id}', 'UpdateSecretVersionStage', 'DescribeSecret']));
  expect(names(matrix.sealingKeys)).toEqual(new Set(moves));
  expect(names(matrix.first)).toEqual(new Set(['PutSecretValue', 'UpdateSecretVersionStage']));
});

/** One version is in use, the one that was pending, and the one before is kept: nothing is in the next rotation's way. */
async function expectOneCurrent(secret: Rotated): Promise<void> {
  const labels = Object.values(await world.stages(secret)).map((stages) => stages.toSorted());
  expect(labels).toHaveLength(2);
  expect(labels).toEqual(expect.arrayContaining([['AWSCURRENT', 'AWSPENDING'], ['AWSPREVIOUS']]));
  expect(await world.rotatedAt(secret)).toBeDefined();
}

describe('the manage token’s rotation, retried once, converges', () => {
  test.each(matrix.manageToken)('after a $fault at call $call, $name', async ({ call, fault }) => {
    const before = world.minted().length;
    world.gate.plan(call - 1, fault);
    await world.rotate('manage-token');

    expect(world.gate.isWaiting()).toBe(false);
    await expectOneCurrent('manage-token');
    const current = await world.value<ManageToken>('manage-token');
    const row = await world.budgea.jwts.find(current?.jwt_token ?? '');
    expect(row).toMatchObject({ claims: { type: 'manage_token', scope: 'users' }, exp: current?.expires_at });
    const orphans = world.minted().length - before - 1;
    expect(orphans).toBeGreaterThanOrEqual(0);
    expect(orphans).toBeLessThanOrEqual(1);
  });
});

describe('a manage JWT that upstream rejects gives up its label within one retry', () => {
  test.each(matrix.rejected)('after a $fault at call $call, $name', async ({ call, fault }) => {
    const inUse = await world.value<ManageToken>('manage-token');
    await reject();
    world.gate.plan(call - 1, fault);
    await world.rotate('manage-token');

    expect(world.gate.isWaiting()).toBe(false);
    expect(Object.values(await world.stages('manage-token'))).toEqual([['AWSCURRENT']]);
    expect(await world.value<ManageToken>('manage-token')).toEqual(inUse);
  });
});

describe('the sealing keys’ rotation, retried once, moves them up exactly one place', () => {
  test.each(matrix.sealingKeys)('after a $fault at call $call, $name', async ({ call, fault }) => {
    world.gate.plan(call - 1, fault);
    await world.rotate('sealing-keys');

    expect(world.gate.isWaiting()).toBe(false);
    await expectOneCurrent('sealing-keys');
    const keys = await world.value<SealingKeys>('sealing-keys');
    expect(keys).toMatchObject({ current: sealed.next, previous: sealed.current });
    expect([sealed.next, sealed.current, sealed.previous]).not.toContainEqual(keys?.next);
  });
});

describe('the sealing keys’ first rotation, retried once, makes one value', () => {
  beforeEach(empty);

  test.each(matrix.first)('after a $fault at call $call, $name', async ({ call, fault }) => {
    world.gate.plan(call - 1, fault);
    await world.rotate('sealing-keys');

    expect(world.gate.isWaiting()).toBe(false);
    expect(Object.values(await world.stages('sealing-keys'))).toEqual([['AWSPENDING', 'AWSCURRENT']]);
    expect(Object.keys((await world.value('sealing-keys')) ?? {})).toEqual(['next', 'current']);
  });
});
