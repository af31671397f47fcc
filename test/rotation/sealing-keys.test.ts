import { beforeEach, describe, expect, test, vi } from 'vitest';
import { maxCacheLife } from '#lib/secrets/reader.ts';
import { makeSealingKey, sealLife, type SealingKeys } from '#lib/webauth/state.ts';
import { steps, useFixture } from './fixture.ts';

/** The minimum time between two rotations, in milliseconds. */
const pause = sealLife * 1000 + maxCacheLife;
const fixture = await useFixture({ now: Date.UTC(2030, 0, 15, 12) });

const keys = () => fixture.value<SealingKeys>('sealing-keys');
const newKey = {
  kid: expect.stringMatching(/^[\w-]{8}$/) as string,
  key: expect.stringMatching(/^.{43}=$/) as string,
};

test('each key moves one place, and a new one is created', async () => {
  const [first, second, third] = [makeSealingKey(), makeSealingKey(), makeSealingKey()];
  await fixture.create('sealing-keys', { next: first, current: second, previous: third });
  await fixture.rotate('sealing-keys');
  expect(await keys()).toEqual({ next: newKey, current: first, previous: second });
  const created = (await keys())?.next;
  expect([first, second, third].map(({ kid }) => kid)).not.toContain(created?.kid);
  expect([first, second, third].map(({ key }) => key)).not.toContain(created?.key);
});

test.each<[string, unknown]>([
  ['no value', undefined],
  ['a placeholder', 'kX7!placeholder'],
  ['a value of another shape', { next: { kid: 'a', key: 'too short' } }],
])('the first keys replace %s, without a call of upstream', async (_case, value) => {
  await fixture.create('sealing-keys', value);
  await fixture.rotate('sealing-keys');
  expect(await keys()).toEqual({ next: newKey, current: newKey });
  expect(fixture.gate.calls().filter((name) => name.includes('/'))).toEqual([]);
});

describe('a rotation is rejected while a state that is sealed with the previous key can be valid', () => {
  const reason = 'the last rotation is too recent: the previous value may still be in use';
  beforeEach(async () => {
    await fixture.create('sealing-keys');
    await fixture.rotate('sealing-keys');
  });

  test('and is resumed afterwards', async () => {
    const before = await keys();
    const rotated = Date.now();
    for (const age of [0, sealLife * 1000, pause - 1]) {
      vi.setSystemTime(rotated + age);
      await fixture.rotate('sealing-keys').catch(() => undefined);
      expect(fixture.reason()).toBe(reason);
      expect(await keys()).toEqual(before);
      expect(await fixture.value('sealing-keys', 'AWSPENDING')).toBeUndefined();
    }

    vi.setSystemTime(rotated + pause);
    await expect(fixture.rotate('sealing-keys')).rejects.toThrow('That rotation will be reattempted');
    expect(await keys()).toEqual({ next: newKey, current: before?.next, previous: before?.current });
  });

  test('also after a rotation that replaced the keys and then failed', async () => {
    vi.setSystemTime(Date.now() + pause);
    const version = await fixture.begin('sealing-keys');
    for (const step of steps) await fixture.step('sealing-keys', step, version);
    const before = await keys();

    vi.setSystemTime(Date.now() + pause - 1);
    await fixture.rotate('sealing-keys');
    expect(fixture.reason()).toBe(reason);
    expect(await keys()).toEqual(before);
  });
});

test('pending keys of which two have the same id lose their label', async () => {
  const twin = makeSealingKey();
  await fixture.create('sealing-keys');
  const version = await fixture.begin('sealing-keys');
  await fixture.putPending('sealing-keys', version, { next: twin, current: makeSealingKey(), previous: twin });
  await expect(fixture.step('sealing-keys', 'testSecret', version)).rejects.toThrow('rotate_sealing_key failed');
  expect(fixture.reason()).toBe('the pending value is not usable: two of its keys have the same id');
  expect(await fixture.stages('sealing-keys')).toEqual({});
});

describe('a container that has cached the previous keys', () => {
  const state = { partner: '12345678', redirectUri: 'https://app.example/back', state: 'EXAMPLE-STATE' };

  beforeEach(async () => {
    const [next, current, previous] = [makeSealingKey(), makeSealingKey(), makeSealingKey()];
    await fixture.create('sealing-keys', { next, current, previous });
  });

  test('opens a state that is sealed with the new key, even when it cannot read the keys', async () => {
    const before = await coldContainer();
    await before.seal(state);
    await fixture.rotate('sealing-keys');
    const after = await coldContainer();
    const sealed = await after.seal(state);
    fixture.gate.intercept(() => Promise.resolve('broken'));
    expect(await before.open(sealed)).toEqual(state);
  });

  test('reads the new keys in time, however long the read took that returned the previous ones', async () => {
    const container = await coldContainer();
    let calls = 0;
    fixture.gate.intercept((_name, _request, forward) => (calls++ === 0 ? slowly(forward) : undefined));
    const old = await container.seal(state);
    const sealed = await container.seal(state);
    const [next, current] = [await keys(), await fixture.value<SealingKeys>('sealing-keys', 'AWSPREVIOUS')];
    expect(old).toMatch(new RegExp(`^${current?.current.kid}\\.`));
    expect(sealed).toMatch(new RegExp(`^${next?.current.kid}\\.`));
  });
});

/** Delays a response until the keys have rotated and the lifetime of caches has passed. */
async function slowly<T>(forward: () => Promise<T>): Promise<T> {
  const answer = await forward();
  await fixture.rotate('sealing-keys');
  vi.setSystemTime(Date.now() + maxCacheLife);
  return answer;
}

/** Loads the module anew, as a new container does. */
async function coldContainer() {
  vi.resetModules();
  return import('#lib/webauth/state.ts');
}
