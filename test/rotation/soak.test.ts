import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import { prepareInstances, type Instance, type Instances } from './instances.ts';
import { startWorld, type World } from './world.ts';

const rotations = 20;
const callsPerRotation = 100;
const callers = 5;

let world: World;
let instances: Instances;
let isRevoking = false;
beforeAll(async () => {
  world = await startWorld({ gated: false, table: true, afterStep: (step) => afterStep(step) });
  await world.create('admin-token', { token: world.adminToken });
  await world.create('manage-token');
  await world.rotate('manage-token');
  instances = await prepareInstances();
});
afterAll(async () => {
  await instances.close();
  await world.close();
});

/** Upstream forgets every JWT before this one as soon as the label has moved. */
async function afterStep(step: string): Promise<void> {
  if (step !== 'finishSecret' || !isRevoking) return;
  const current = await world.value<ManageToken>('manage-token');
  const kept = await world.budgea.jwts.find(current?.jwt_token ?? '');
  const old = world.minted().filter(({ jti }) => jti !== kept?.jti);
  for (const { jti } of old) await world.budgea.jwts.revokeManageTokens({ jti });
}

test('2,000 calls while the manage token rotates 20 times, its old JWT revoked half of the times: none fails', async () => {
  const warm: Instance[] = [];
  for (let n = 0; n < 4; n++) warm.push(await instances.start());
  await Promise.all(warm.flatMap((instance) => Array.from({ length: callers }, () => instance.ask())));
  for (const instance of warm) expect(instance.readings()).toBe(1);
  world.logs();

  const statuses = new Map<unknown, number>();
  const call = async (instance: Instance) => {
    const { statusCode } = await instance.ask();
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
  };
  const calls = async (instance: Instance) => {
    for (let n = 0; n < callsPerRotation / warm.length / callers - 1; n++) await call(instance);
  };
  for (let rotation = 0; rotation < rotations; rotation++) {
    isRevoking = rotation % 2 === 1;
    const during = warm.flatMap((instance) => Array.from({ length: callers }, () => calls(instance)));
    await Promise.all([world.rotate('manage-token'), ...during]);
    const after = warm.flatMap((instance) => Array.from({ length: callers }, () => call(instance)));
    await Promise.all(after);
    // Only a JWT that upstream rejects makes an instance read, and only once, however many calls it was in.
    for (const instance of warm) expect(instance.readings()).toBe(isRevoking ? 1 : 0);
  }

  expect(statuses).toEqual(new Map([[200, rotations * callsPerRotation]]));
  const lines = world.logs().filter((line) => line['operation'] === 'users_id_user_get');
  const attempts = lines.map((line) => Number(line['upstream_attempts']));
  expect(attempts).toHaveLength(rotations * callsPerRotation);
  expect(Math.max(...attempts)).toBe(2);
});
