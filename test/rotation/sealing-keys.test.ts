import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { maxCacheLife } from '#lib/secrets/reader.ts';
import { makeSealingKey, sealLife, type SealingKeys } from '#lib/webauth/state.ts';
import { startWorld, steps, type World } from './world.ts';

/** The soonest that a rotation may follow another, in milliseconds. */
const pause = sealLife * 1000 + maxCacheLife;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  await world.reset();
});
afterEach(() => {
  vi.useRealTimers();
  world.expectNoLeak();
});
afterAll(() => world.close());

const keys = () => world.value<SealingKeys>('sealing-keys');
const reason = () => world.logs().at(-1)?.['detail'];
const madeKey = {
  kid: expect.stringMatching(/^[\w-]{8}$/) as string,
  key: expect.stringMatching(/^.{43}=$/) as string,
};

test('each key moves up one place, and a fresh one comes in', async () => {
  const [first, second, third] = [makeSealingKey(), makeSealingKey(), makeSealingKey()];
  await world.create('sealing-keys', { next: first, current: second, previous: third });
  await world.rotate('sealing-keys');
  expect(await keys()).toEqual({ next: madeKey, current: first, previous: second });
  const fresh = (await keys())?.next;
  expect([first, second, third].map(({ kid }) => kid)).not.toContain(fresh?.kid);
  expect([first, second, third].map(({ key }) => key)).not.toContain(fresh?.key);
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a placeholder', 'kX7!placeholder'],
  ['keys of another shape', { next: { kid: 'a', key: 'too short' } }],
])('the first keys are made where there is %s, and nothing outside is asked', async (_case, value) => {
  await world.create('sealing-keys', value);
  await world.rotate('sealing-keys');
  expect(await keys()).toEqual({ next: madeKey, current: madeKey });
  expect(world.gate.calls().filter((name) => name.includes('/'))).toEqual([]);
});

test('a rotation is refused while a state of the key before may still be on its way, and taken up afterwards', async () => {
  await world.create('sealing-keys');
  await world.rotate('sealing-keys');
  const before = await keys();
  const rotated = Date.now();

  for (const age of [0, sealLife * 1000, pause - 1]) {
    vi.setSystemTime(rotated + age);
    await world.rotate('sealing-keys').catch(() => undefined);
    expect(reason()).toBe('the last rotation is too recent: what it replaced may still be in use');
    expect(await keys()).toEqual(before);
    expect(await world.value('sealing-keys', 'AWSPENDING')).toBeUndefined();
  }

  vi.setSystemTime(rotated + pause);
  await expect(world.rotate('sealing-keys')).rejects.toThrow('That rotation will be reattempted');
  expect(await keys()).toEqual({ next: madeKey, current: before?.next, previous: before?.current });
});

test('a rotation is refused too after one that put its keys in use and then failed', async () => {
  await world.create('sealing-keys');
  await world.rotate('sealing-keys');
  vi.setSystemTime(Date.now() + pause);
  const version = await world.begin('sealing-keys');
  for (const step of steps) await world.step('sealing-keys', step, version);
  const before = await keys();

  vi.setSystemTime(Date.now() + pause - 1);
  await world.rotate('sealing-keys');
  expect(reason()).toBe('the last rotation is too recent: what it replaced may still be in use');
  expect(await keys()).toEqual(before);
});

test('pending keys two of which have the same id give up their label', async () => {
  const twin = makeSealingKey();
  await world.create('sealing-keys');
  const version = await world.begin('sealing-keys');
  await world.putPending('sealing-keys', version, { next: twin, current: makeSealingKey(), previous: twin });
  await expect(world.step('sealing-keys', 'testSecret', version)).rejects.toThrow('rotate_sealing_key failed');
  expect(reason()).toBe('the pending value is not usable: two of its keys have the same id');
  expect(await world.stages('sealing-keys')).toEqual({});
});

describe('a container that has not heard of a rotation', () => {
  beforeEach(async () => {
    await world.create('sealing-keys', {
      next: makeSealingKey(),
      current: makeSealingKey(),
      previous: makeSealingKey(),
    });
  });

  test('opens what is sealed with the new key, even when it cannot ask', async () => {
    const before = await coldContainer();
    await before.seal(state);
    await world.rotate('sealing-keys');
    const after = await coldContainer();
    const sealed = await after.seal(state);
    world.gate.meddle(() => Promise.resolve('broken'));
    expect(await before.open(sealed)).toEqual(state);
  });

  test('hears of it in time, however long the reading took that missed it', async () => {
    const container = await coldContainer();
    let calls = 0;
    world.gate.meddle((_name, _request, forward) => (calls++ === 0 ? slowly(forward) : undefined));
    const old = await container.seal(state);
    const sealed = await container.seal(state);
    const [next, current] = [await keys(), await world.value<SealingKeys>('sealing-keys', 'AWSPREVIOUS')];
    expect(old).toMatch(new RegExp(`^${current?.current.kid}\\.`));
    expect(sealed).toMatch(new RegExp(`^${next?.current.kid}\\.`));
  });
});

/** The keys rotate and a cache's longest life passes while the answer is on its way. */
async function slowly<T>(forward: () => Promise<T>): Promise<T> {
  const answer = await forward();
  await world.rotate('sealing-keys');
  vi.setSystemTime(Date.now() + maxCacheLife);
  return answer;
}

const state = { partner: '12345678', redirectUri: 'https://app.example/back', state: 'mine' };

/** The seals as a new container has them, which reads the keys when it needs them for the first time. */
async function coldContainer() {
  vi.resetModules();
  return import('#lib/webauth/state.ts');
}
