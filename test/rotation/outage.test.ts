import { afterAll, expect, test, vi } from 'vitest';
import { useFixture } from './fixture.ts';
import { prepareInstances, type Instance } from './instances.ts';

const minute = 60_000;
const start = Date.UTC(2030, 0, 15, 12);
/** A manage JWT is not used in its last seconds, so that it is valid when it arrives. */
const skew = 30_000;

const fixture = await useFixture({ table: true, now: start }, ({ create, adminToken }) =>
  create('admin-token', { token: adminToken }),
);
const instances = await prepareInstances();
afterAll(() => instances.close());

/** Makes every call of Secrets Manager fail. */
function breakSecretsManager(): void {
  const failure = { status: 500, headers: {}, body: '{"__type":"InternalServiceError"}' };
  fixture.gate.intercept((name) => (name.includes('/') ? undefined : Promise.resolve(failure)));
}
const repairSecretsManager = () => fixture.gate.intercept(() => undefined);

/** Calls the instances one after another and returns the statuses. */
async function statuses(...all: Instance[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const instance of all) results.push((await instance.call()).statusCode);
  return results;
}

async function expectUnavailable(...all: Instance[]): Promise<void> {
  for (const instance of all) {
    const { statusCode, headers = {}, body } = await instance.call();
    expect({ statusCode, ...JSON.parse(body ?? '') }).toMatchObject({ statusCode: 503, code: 'unavailable' });
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
  }
}

test('in an outage of 30 minutes, calls succeed until the JWT expires, and again after the outage', async () => {
  await fixture.create('manage-token', await fixture.mint(20));
  const warm = [await instances.start(), await instances.start()];
  expect(await statuses(...warm)).toEqual([200, 200]);

  breakSecretsManager();
  let time = start;
  for (; time < start + 20 * minute - skew; time += 15_000) {
    vi.setSystemTime(time);
    expect(await statuses(...warm)).toEqual([200, 200]);
  }
  for (; time < start + 30 * minute; time += 15_000) {
    vi.setSystemTime(time);
    await expectUnavailable(...warm);
  }

  repairSecretsManager();
  await fixture.rotate('manage-token');
  expect(await statuses(...warm)).toEqual([200, 200]);
});

test('a container that starts in an outage returns 503 until the outage ends', async () => {
  await fixture.create('manage-token', await fixture.mint());
  breakSecretsManager();
  const cold = await instances.start();
  await expectUnavailable(cold, cold);
  repairSecretsManager();
  expect(await statuses(cold)).toEqual([200]);
});

test('a container that starts before the first rotation returns 503 until there is a JWT', async () => {
  await fixture.create('manage-token');
  const cold = await instances.start();
  await expectUnavailable(cold);
  await fixture.rotate('manage-token');
  expect(await statuses(cold)).toEqual([200]);
});
