import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { prepareInstances, type Instance, type Instances } from './instances.ts';
import { startWorld, type World } from './world.ts';

const minute = 60_000;
const start = Date.UTC(2030, 0, 15, 12);
/** A manage JWT is not used in its last seconds: it has to arrive while it is valid. */
const skew = 30_000;

let world: World;
let instances: Instances;
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: start });
  // The SDK waits before it repeats a call, for a random part of its longest pause.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  world = await startWorld({ table: true });
  instances = await prepareInstances();
});
beforeEach(async () => {
  vi.setSystemTime(start);
  await world.reset();
  await world.create('admin-token', { token: world.adminToken });
});
afterEach(() => world.expectNoLeak());
afterAll(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await instances.close();
  await world.close();
});

/** Secrets Manager fails at whatever it is asked. */
function breakSecretsManager(): void {
  const failure = { status: 500, headers: {}, body: '{"__type":"InternalServiceError"}' };
  world.gate.meddle((name) => (name.includes('/') ? undefined : Promise.resolve(failure)));
}
const mendSecretsManager = () => world.gate.meddle(() => undefined);

async function expectUnavailable(instance: Instance): Promise<void> {
  const { statusCode, headers = {}, body } = await instance.ask();
  expect({ statusCode, ...JSON.parse(body ?? '') }).toMatchObject({ statusCode: 503, code: 'unavailable' });
  expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
}

test('an outage of 30 minutes fails no call while the JWT lives, then all alike, and the first call after it succeeds', async () => {
  await world.create('manage-token', await world.mint(20));
  const warm = [await instances.start(), await instances.start()];
  for (const instance of warm) expect(await instance.ask()).toMatchObject({ statusCode: 200 });

  breakSecretsManager();
  let time = start;
  for (; time < start + 20 * minute - skew; time += 15_000) {
    vi.setSystemTime(time);
    for (const instance of warm) expect(await instance.ask()).toMatchObject({ statusCode: 200 });
  }
  for (; time < start + 30 * minute; time += 15_000) {
    vi.setSystemTime(time);
    for (const instance of warm) await expectUnavailable(instance);
  }

  mendSecretsManager();
  await world.rotate('manage-token');
  for (const instance of warm) expect(await instance.ask()).toMatchObject({ statusCode: 200 });
});

test('a container that starts in an outage answers 503, and remembers nothing of it', async () => {
  await world.create('manage-token', await world.mint());
  breakSecretsManager();
  const cold = await instances.start();
  await expectUnavailable(cold);
  await expectUnavailable(cold);
  mendSecretsManager();
  expect(await cold.ask()).toMatchObject({ statusCode: 200 });
});

test('a container that starts before the first rotation answers 503, and 200 as soon as there is a JWT', async () => {
  await world.create('manage-token');
  const cold = await instances.start();
  await expectUnavailable(cold);
  await world.rotate('manage-token');
  expect(await cold.ask()).toMatchObject({ statusCode: 200 });
});
