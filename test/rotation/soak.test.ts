import { expect, onTestFinished, test } from 'vitest';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import { useFixture } from './fixture.ts';
import { prepareInstances, type Instance } from './instances.ts';

const rotations = 20;
const callsPerRotation = 100;
const callers = 5;

let isRevoking = false;
const fixture = await useFixture({ gated: false, table: true, afterStep }, async ({ create, rotate, adminToken }) => {
  await create('admin-token', { token: adminToken });
  await create('manage-token');
  await rotate('manage-token');
});

/** Revokes every JWT but the current one at upstream as soon as the label has moved. */
async function afterStep(step: string): Promise<void> {
  if (step !== 'finishSecret' || !isRevoking) return;
  const value = await fixture.value<ManageToken>('manage-token');
  const current = await fixture.budgea.jwts.find(value?.jwt_token ?? '');
  const old = fixture.minted().filter(({ jti }) => jti !== current?.jti);
  for (const { jti } of old) await fixture.budgea.jwts.revokeManageTokens({ jti });
}

test('none of 2,000 calls fails during 20 rotations of the manage token, of which 10 revoke the old JWT', async () => {
  const instances = await prepareInstances();
  onTestFinished(() => instances.close());
  const warm: Instance[] = [];
  for (let n = 0; n < 4; n++) warm.push(await instances.start());
  await Promise.all(warm.flatMap((instance) => Array.from({ length: callers }, () => instance.call())));
  for (const instance of warm) expect(instance.reads()).toBe(1);
  fixture.logs();

  const statuses = new Map<unknown, number>();
  const call = async (instance: Instance) => {
    const { statusCode } = await instance.call();
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
  };
  const calls = async (instance: Instance) => {
    for (let n = 0; n < callsPerRotation / warm.length / callers - 1; n++) await call(instance);
  };
  for (let rotation = 0; rotation < rotations; rotation++) {
    isRevoking = rotation % 2 === 1;
    const during = warm.flatMap((instance) => Array.from({ length: callers }, () => calls(instance)));
    await Promise.all([fixture.rotate('manage-token'), ...during]);
    const after = warm.flatMap((instance) => Array.from({ length: callers }, () => call(instance)));
    await Promise.all(after);
    // An instance reads the secret only when upstream rejects the JWT, and once for all running calls.
    for (const instance of warm) expect(instance.reads()).toBe(isRevoking ? 1 : 0);
  }

  expect(statuses).toEqual(new Map([[200, rotations * callsPerRotation]]));
  const lines = fixture.logs().filter((line) => line['operation'] === 'users_id_user_get');
  const attempts = lines.map((line) => Number(line['upstream_attempts']));
  expect(attempts).toHaveLength(rotations * callsPerRotation);
  expect(Math.max(...attempts)).toBe(2);
});
