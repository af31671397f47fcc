import { expect, test, vi } from 'vitest';
import { maxCacheLife } from '#lib/secrets/reader.ts';
import type * as webauthState from '#lib/webauth/state.ts';
import { sealLife, type SealingKeys } from '#lib/webauth/state.ts';
import { useFixture } from './fixture.ts';

type Instance = typeof webauthState;

const rotations = 50;
const statesPerRotation = 200;
/** The minimum time between two rotations, in milliseconds, which is the worst case for states in flight. */
const interval = sealLife * 1000 + maxCacheLife;
const start = Date.UTC(2030, 0, 15, 12);

const fixture = await useFixture({ gated: false, now: start }, async ({ create, rotate }) => {
  vi.spyOn(Math, 'random').mockImplementation(seededRandom(2030));
  await create('sealing-keys');
  await rotate('sealing-keys');
});

test('10,000 states in flight during 50 rotations are accepted until they expire, and not afterwards', async () => {
  const instances: Instance[] = [];
  for (let n = 0; n < 6; n++) instances.push(await coldInstance());
  const opened = { inTime: 0, late: 0 };
  let [overtaken, sealedWithOlderKey] = [0, 0];
  let current = '';

  const events = [];
  for (let at = start + interval; at <= start + rotations * interval; at += interval) {
    events.push({ at, run: rotate });
    for (let n = 0; n < statesPerRotation; n++) events.push(...flightAround(at));
  }
  for (const { at, run } of events.toSorted((one, other) => one.at - other.at)) {
    vi.setSystemTime(at);
    await run();
  }

  expect(opened).toEqual({ inTime: rotations * statesPerRotation, late: 0 });
  // The difficult cases occurred: rotations while a state was in flight, and seals with a cached older key.
  expect(overtaken).toBeGreaterThan(5_000);
  expect(sealedWithOlderKey).toBeGreaterThan(500);

  async function rotate(): Promise<void> {
    await fixture.rotate('sealing-keys');
    const keys = await fixture.value<SealingKeys>('sealing-keys');
    expect(keys?.current.kid).not.toBe(current);
    current = keys?.current.kid ?? '';
    instances[Math.floor(between(0, instances.length))] = await coldInstance();
  }

  /** Returns the events of a state: it is sealed around a rotation, while keys of either side may be in use, opened in time and opened late. */
  function flightAround(rotatesAt: number) {
    // Expiry times are whole seconds.
    const sealedAt = between(rotatesAt - (sealLife - 1) * 1000, rotatesAt + maxCacheLife);
    const expiresAt = sealedAt - (sealedAt % 1000) + sealLife * 1000;
    const opensAt = Math.random() < 0.3 ? expiresAt - 1 : between(Math.max(sealedAt, rotatesAt), expiresAt);
    const opensLateAt = Math.random() < 0.3 ? expiresAt : between(expiresAt, expiresAt + interval / 4);
    const state = { partner: '12345678', redirectUri: 'https://app.example/back', state: String(sealedAt) };
    let token = '';
    const open = () => anyOf(instances).open(token);
    return [
      {
        at: sealedAt,
        async run() {
          token = await anyOf(instances).seal(state);
          if (sealedAt < rotatesAt) overtaken++;
          else if (!token.startsWith(`${current}.`)) sealedWithOlderKey++;
        },
      },
      {
        at: opensAt,
        async run() {
          if ((await open()).state === state.state) opened.inTime++;
        },
      },
      {
        at: opensLateAt,
        async run() {
          await open().then(
            () => opened.late++,
            () => undefined,
          );
        },
      },
    ];
  }
});

/** Loads the module anew, as a new container does. */
async function coldInstance(): Promise<Instance> {
  vi.resetModules();
  return import('#lib/webauth/state.ts');
}

/** Returns a random integer from `first` to below `last`. */
function between(first: number, last: number): number {
  return Math.floor(first + Math.random() * (last - first));
}

function anyOf(instances: Instance[]): Instance {
  const instance = instances[between(0, instances.length)];
  if (instance === undefined) throw new Error('there is no instance');
  return instance;
}

/** Returns a generator of the same numbers in every run (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
