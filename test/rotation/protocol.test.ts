import { CancelRotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { secretFullName } from '#lib/config/names.ts';
import { makeSealingKey } from '#lib/webauth/state.ts';
import { rotations, startWorld, steps, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(async () => {
  await world.reset();
  await world.create('admin-token', { token: world.adminToken });
  await world.create('manage-token', { jwt_token: 'the one in use', expires_at: 0 });
  await world.create('sealing-keys', { next: makeSealingKey(), current: makeSealingKey() });
});
afterEach(() => world.expectNoLeak());
afterAll(() => world.close());

/** Why the last run failed. */
const reason = () => world.logs().at(-1)?.['detail'];

describe.each(['manage-token', 'sealing-keys'] as const)('the rotation of %s', (secret) => {
  const failure = `${rotations[secret].replaceAll('-', '_')} failed`;
  const step = (name: string, version: string, secretId?: string) => world.step(secret, name, version, secretId);

  test('takes the four steps, each of which can be repeated, and moves the labels with the last', async () => {
    const before = await world.value(secret);
    const version = await world.begin(secret);
    for (const name of ['createSecret', 'setSecret', 'testSecret']) {
      await step(name, version);
      const made = await world.value(secret, 'AWSPENDING');
      await step(name, version);
      expect(made).toBeDefined();
      expect(await world.value(secret, 'AWSPENDING')).toEqual(made);
      expect(await world.value(secret)).toEqual(before);
    }
    const made = await world.value(secret, 'AWSPENDING');
    await step('finishSecret', version);
    await step('finishSecret', version);
    expect(await world.value(secret)).toEqual(made);
    expect(await world.value(secret, 'AWSPREVIOUS')).toEqual(before);
  });

  test('does nothing in any step of a version that is in use already', async () => {
    await world.rotate(secret);
    const before = await world.stages(secret);
    const version = Object.keys(before).find((id) => before[id]?.includes('AWSCURRENT')) ?? '';
    world.gate.calls();
    for (const name of steps) {
      await step(name, version);
      expect(world.logs().at(-1)).toMatchObject({ outcome: 'success', result: 'the version is in use already' });
    }
    expect(new Set(world.gate.calls())).toEqual(new Set(['DescribeSecret']));
    expect(await world.stages(secret)).toEqual(before);
  });

  test('tried alone, as the service tries a new configuration, makes nothing and moves nothing', async () => {
    const before = await world.stages(secret);
    world.gate.calls();
    await world.try(secret);
    expect(world.logs()).toMatchObject([{ step: 'testSecret', outcome: 'success' }]);
    expect(world.gate.calls()).toEqual(['DescribeSecret', 'GetSecretValue']);
    expect(await world.stages(secret)).toEqual(before);
    await world.rotate(secret);
    expect(await world.rotatedAt(secret)).toBeDefined();
  });

  test('does not put a version in use that has no value', async () => {
    const before = await world.value(secret);
    const version = await world.begin(secret);
    await expect(step('finishSecret', version)).rejects.toThrow(failure);
    expect(await world.value(secret)).toEqual(before);
  });

  test('does not report a label as moved that it could not move', async () => {
    const before = await world.stages(secret);
    const version = await world.begin(secret);
    await step('createSecret', version);
    const body = '{"__type":"AccessDeniedException"}';
    world.gate.meddle((name) =>
      name === 'UpdateSecretVersionStage' ? Promise.resolve({ status: 400, headers: {}, body }) : undefined,
    );
    await expect(step('finishSecret', version)).rejects.toThrow(failure);
    expect(await world.stages(secret)).toEqual({ ...before, [version]: ['AWSPENDING'] });
  });

  test('does not take the label from a value that somebody else put in use meanwhile', async () => {
    const version = await world.begin(secret);
    await step('createSecret', version);
    const theirs = { jwt_token: 'theirs', expires_at: 0 };
    world.gate.meddle((name, _request, forward) =>
      name === 'UpdateSecretVersionStage' ? world.set(secret, theirs).then(forward) : undefined,
    );
    await expect(step('finishSecret', version)).rejects.toThrow(failure);
    expect(await world.value(secret)).toEqual(theirs);
  });

  /** What brings about each refusal, in the order in which they are checked. */
  const refusals: Record<string, () => Promise<{ version: string; secretId?: string }>> = {
    'the event is about another secret': async () => {
      const version = await world.begin(secret);
      return { version, secretId: `arn:aws:secretsmanager:eu-west-3:000000000000:secret:${secret}-AbCdEf` };
    },
    'rotation is not enabled for the secret': async () => {
      await world.rotate(secret);
      await world.aws.send(new CancelRotateSecretCommand({ SecretId: secretFullName('local', secret) }));
      const stages = await world.stages(secret);
      return { version: Object.keys(stages).find((id) => stages[id]?.includes('AWSCURRENT')) ?? '' };
    },
    'the version is unknown': async () => {
      await world.begin(secret);
      return { version: '00000000-0000-4000-8000-000000000000' };
    },
    'the version is not pending': async () => {
      const [version = ''] = Object.keys(await world.stages(secret));
      await world.rotate(secret);
      return { version };
    },
  };
  const refusedSteps = Object.keys(refusals).flatMap((why) => steps.map((name) => ({ name, why })));

  test.each(refusedSteps)('refuses $name and writes nothing when $why', async ({ name, why }) => {
    const { version, secretId } = (await refusals[why]?.()) ?? { version: '' };
    const before = await world.stages(secret);
    world.gate.calls();
    await expect(step(name, version, secretId)).rejects.toThrow(failure);
    expect(world.logs().at(-1)).toMatchObject({ level: 'ERROR', outcome: 'failed', step: name, detail: why });
    expect(world.gate.calls()).toEqual(['DescribeSecret']);
    expect(await world.stages(secret)).toEqual(before);
  });

  test.each(['__proto__', 'constructor', 'toString', ''])('knows no version named "%s"', async (version) => {
    await world.begin(secret);
    await expect(step('createSecret', version)).rejects.toThrow(failure);
    expect(reason()).toBe('the version is unknown');
  });

  test.each<[string, string, object]>([
    ['an unknown step', 'the step is unknown', { Step: 'deleteSecret' }],
    ['a step in other letters', 'the step is unknown', { Step: 'CreateSecret' }],
    ['a step that every object has', 'the step is unknown', { Step: 'constructor' }],
    ['no step', 'the event is not one of a rotation', { Step: undefined }],
    ['no token', 'the event is not one of a rotation', { ClientRequestToken: undefined }],
    ['a secret that is no name', 'the event is not one of a rotation', { SecretId: 7 }],
  ])('refuses %s without a call', async (_case, why, change) => {
    const event = { SecretId: secretFullName('local', secret), Step: 'createSecret' };
    const ClientRequestToken = await world.begin(secret);
    world.gate.calls();
    const run = world.invoke(rotations[secret], { ...event, ClientRequestToken, ...change });
    await expect(run).rejects.toThrow(failure);
    expect(reason()).toBe(why);
    expect(world.gate.calls()).toEqual([]);
  });

  test.each([undefined, null, 'createSecret', []])('refuses %o for an event, without a call', async (event) => {
    await expect(world.invoke(rotations[secret], event)).rejects.toThrow(failure);
    expect(reason()).toBe('the event is not one of a rotation');
    expect(world.gate.calls()).toEqual([]);
  });
});
