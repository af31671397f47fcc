import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { maxCacheLife } from '#lib/secrets/reader.ts';
import type * as webauthState from '#lib/webauth/state.ts';
import { sealLife, type SealingKeys } from '#lib/webauth/state.ts';
import { startWorld, type World } from './world.ts';

type Instance = typeof webauthState;

const rotations = 50;
const statesPerRotation = 200;
/** The soonest that one rotation may follow another, in milliseconds: what is hardest for states in flight. */
const interval = sealLife * 1000 + maxCacheLife;
const start = Date.UTC(2030, 0, 15, 12);

let world: World;
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: start });
  vi.spyOn(Math, 'random').mockImplementation(seededRandom(2030));
  world = await startWorld({ gated: false });
  await world.create('sealing-keys');
  await world.rotate('sealing-keys');
});
afterAll(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await world.close();
});

test('of 10,000 states in flight across 50 rotations none is lost, and none is accepted late', async () => {
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
  // What makes it hard did happen: rotations overtook states, and caches that had not heard of one went on sealing.
  expect(overtaken).toBeGreaterThan(5_000);
  expect(sealedWithOlderKey).toBeGreaterThan(500);

  async function rotate(): Promise<void> {
    await world.rotate('sealing-keys');
    const keys = await world.value<SealingKeys>('sealing-keys');
    expect(keys?.current.kid).not.toBe(current);
    current = keys?.current.kid ?? '';
    instances[Math.floor(between(0, instances.length))] = await coldInstance();
  }

  /** A state that is sealed up to a life before the rotation, or after it while caches may still hold the keys before, and opened twice. */
  function flightAround(rotatesAt: number) {
    // Seals count in whole seconds.
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

/** A module graph of its own, which reads the keys when it needs them for the first time. */
async function coldInstance(): Promise<Instance> {
  vi.resetModules();
  return import('#lib/webauth/state.ts');
}

/** A whole number from the first to before the last. */
function between(first: number, last: number): number {
  return Math.floor(first + Math.random() * (last - first));
}

function anyOf(instances: Instance[]): Instance {
  const chosen = instances[between(0, instances.length)];
  if (chosen === undefined) throw new Error('there is none');
  return chosen;
}

/** The same numbers in every run: “mulberry32”. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
