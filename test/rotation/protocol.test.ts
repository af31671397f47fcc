import { CancelRotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { secretFullName } from '#lib/config/names.ts';
import { rotations, steps, useFixture } from './fixture.ts';

const fixture = await useFixture({}, ({ createAll }) => createAll());

describe.each(['manage-token', 'sealing-keys'] as const)('the rotation of %s', (secret) => {
  const failure = `${rotations[secret].replaceAll('-', '_')} failed`;
  const step = (name: string, version: string, secretId?: string) => fixture.step(secret, name, version, secretId);

  async function currentVersion(): Promise<string> {
    const stages = await fixture.stages(secret);
    return Object.keys(stages).find((id) => stages[id]?.includes('AWSCURRENT')) ?? '';
  }

  /** Starts a rotation and creates the pending value. Returns the version. */
  async function createPending(): Promise<string> {
    const version = await fixture.begin(secret);
    await step('createSecret', version);
    return version;
  }

  test('runs four repeatable steps, of which the last moves the labels', async () => {
    const before = await fixture.value(secret);
    const version = await fixture.begin(secret);
    for (const name of ['createSecret', 'setSecret', 'testSecret']) {
      await step(name, version);
      const pending = await fixture.value(secret, 'AWSPENDING');
      await step(name, version);
      expect(pending).toBeDefined();
      expect(await fixture.value(secret, 'AWSPENDING')).toEqual(pending);
      expect(await fixture.value(secret)).toEqual(before);
    }
    const pending = await fixture.value(secret, 'AWSPENDING');
    await step('finishSecret', version);
    await step('finishSecret', version);
    expect(await fixture.value(secret)).toEqual(pending);
    expect(await fixture.value(secret, 'AWSPREVIOUS')).toEqual(before);
  });

  test('does nothing in any step for the current version', async () => {
    await fixture.rotate(secret);
    const before = await fixture.stages(secret);
    const version = await currentVersion();
    fixture.gate.calls();
    for (const name of steps) {
      await step(name, version);
      expect(fixture.logs().at(-1)).toMatchObject({ outcome: 'success', result: 'the version is already in use' });
    }
    expect(new Set(fixture.gate.calls())).toEqual(new Set(['DescribeSecret']));
    expect(await fixture.stages(secret)).toEqual(before);
  });

  test('writes nothing in the service’s test of a new configuration', async () => {
    const before = await fixture.stages(secret);
    fixture.gate.calls();
    await fixture.try(secret);
    expect(fixture.logs()).toMatchObject([{ step: 'testSecret', outcome: 'success' }]);
    expect(fixture.gate.calls()).toEqual(['DescribeSecret', 'GetSecretValue']);
    expect(await fixture.stages(secret)).toEqual(before);
    await fixture.rotate(secret);
    expect(await fixture.rotatedAt(secret)).toBeDefined();
  });

  test('does not make a version without a value current', async () => {
    const before = await fixture.value(secret);
    const version = await fixture.begin(secret);
    await expect(step('finishSecret', version)).rejects.toThrow(failure);
    expect(await fixture.value(secret)).toEqual(before);
  });

  test('fails when it cannot move a label', async () => {
    const before = await fixture.stages(secret);
    const version = await createPending();
    const body = '{"__type":"AccessDeniedException"}';
    fixture.gate.intercept((name) =>
      name === 'UpdateSecretVersionStage' ? Promise.resolve({ status: 400, headers: {}, body }) : undefined,
    );
    await expect(step('finishSecret', version)).rejects.toThrow(failure);
    expect(await fixture.stages(secret)).toEqual({ ...before, [version]: ['AWSPENDING'] });
  });

  test('does not take the label from a value that was set during the rotation', async () => {
    const version = await createPending();
    const other = { jwt_token: 'another one', expires_at: 0 };
    fixture.gate.intercept((name, _request, forward) =>
      name === 'UpdateSecretVersionStage' ? fixture.set(secret, other).then(forward) : undefined,
    );
    await expect(step('finishSecret', version)).rejects.toThrow(failure);
    expect(await fixture.value(secret)).toEqual(other);
  });

  /** The set-up of each error, in the order of the checks. */
  const errors: Record<string, () => Promise<{ version: string; secretId?: string }>> = {
    'the event names another secret': async () => {
      const version = await fixture.begin(secret);
      return { version, secretId: `arn:aws:secretsmanager:eu-west-3:000000000000:secret:${secret}-AbCdEf` };
    },
    'rotation is not enabled for the secret': async () => {
      await fixture.rotate(secret);
      await fixture.aws.send(new CancelRotateSecretCommand({ SecretId: secretFullName('local', secret) }));
      return { version: await currentVersion() };
    },
    'the version is unknown': async () => {
      await fixture.begin(secret);
      return { version: '00000000-0000-4000-8000-000000000000' };
    },
    'the version is not pending': async () => {
      const version = await currentVersion();
      await fixture.rotate(secret);
      return { version };
    },
  };
  const rejectedSteps = Object.keys(errors).flatMap((reason) => steps.map((name) => ({ name, reason })));

  test.each(rejectedSteps)('rejects $name without a write when $reason', async ({ name, reason }) => {
    const { version, secretId } = (await errors[reason]?.()) ?? { version: '' };
    const before = await fixture.stages(secret);
    fixture.gate.calls();
    await expect(step(name, version, secretId)).rejects.toThrow(failure);
    expect(fixture.logs().at(-1)).toMatchObject({ level: 'ERROR', outcome: 'failed', step: name, detail: reason });
    expect(fixture.gate.calls()).toEqual(['DescribeSecret']);
    expect(await fixture.stages(secret)).toEqual(before);
  });

  test.each(['__proto__', 'constructor', 'toString', ''])('rejects the version "%s"', async (version) => {
    await fixture.begin(secret);
    await expect(step('createSecret', version)).rejects.toThrow(failure);
    expect(fixture.reason()).toBe('the version is unknown');
  });

  const unknownStep = 'the step is unknown';
  const notAnEvent = 'the event is not a rotation event';
  test.each<[string, string, (event: object) => unknown]>([
    ['an unknown step', unknownStep, (event) => ({ ...event, Step: 'deleteSecret' })],
    ['a step in another case', unknownStep, (event) => ({ ...event, Step: 'CreateSecret' })],
    ['a step that is a property of every object', unknownStep, (event) => ({ ...event, Step: 'constructor' })],
    ['an event without a step', notAnEvent, (event) => ({ ...event, Step: undefined })],
    ['an event without a token', notAnEvent, (event) => ({ ...event, ClientRequestToken: undefined })],
    ['a secret id that is a number', notAnEvent, (event) => ({ ...event, SecretId: 7 })],
    ['no event', notAnEvent, () => undefined],
    ['null', notAnEvent, () => null],
    ['a string', notAnEvent, () => 'createSecret'],
    ['an array', notAnEvent, () => []],
  ])('rejects %s without a call', async (_case, reason, change) => {
    const event = { SecretId: secretFullName('local', secret), Step: 'createSecret' };
    const ClientRequestToken = await fixture.begin(secret);
    fixture.gate.calls();
    await expect(fixture.invoke(rotations[secret], change({ ...event, ClientRequestToken }))).rejects.toThrow(failure);
    expect(fixture.reason()).toBe(reason);
    expect(fixture.gate.calls()).toEqual([]);
  });
});
