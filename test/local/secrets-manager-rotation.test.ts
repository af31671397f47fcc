import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  type RotateSecretCommandInput,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, test, vi } from 'vitest';
import type { RotationEvent } from '#local/secrets-manager/rotation/rotator.ts';
import { type SecretsManagerOptions, startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';
import { DAY, HOUR, clientOf, id, makeClock, startWithClient, temporaryFolder } from './secrets-manager-fixture.ts';

const FUNCTION = 'arn:aws:lambda:eu-west-3:000000000000:function:rotate';
const ALL_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** What a rotation function does in the two steps that matter to the service. */
async function rotateOneStep(client: SecretsManagerClient, { SecretId, ClientRequestToken, Step }: RotationEvent) {
  if (Step === 'createSecret') {
    const value = { SecretString: `of ${ClientRequestToken}`, VersionStages: ['AWSPENDING'] };
    await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, ...value }));
  }
  if (Step === 'finishSecret') {
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
    const current = Object.keys(VersionIdsToStages).find((version) =>
      VersionIdsToStages[version]?.includes('AWSCURRENT'),
    );
    const move = { VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current };
    await client.send(new UpdateSecretVersionStageCommand({ SecretId, ...move }));
  }
}

/** A server with one secret and a rotation function, whose calls it records and which `break` can make fail. */
async function startWithRotation(options: Partial<SecretsManagerOptions> = {}) {
  const clock = makeClock();
  const events: RotationEvent[] = [];
  const failures: string[] = [];
  const { server, client } = await startWithClient({
    now: clock.now,
    rotationRetryDelaysMs: [0, 0],
    invoke: async (functionArn, event) => {
      expect(functionArn).toBe(FUNCTION);
      events.push(event);
      if (failures[0] === event.Step) throw new Error(`${failures.shift()} failed`);
      await rotateOneStep(client, event);
    },
    ...options,
  });
  await client.send(new CreateSecretCommand({ Name: 'token', SecretString: 'one', ClientRequestToken: id('one') }));
  return {
    server,
    client,
    clock,
    events,
    /** The steps called so far, and not shown before. */
    steps: () => events.splice(0).map((event) => event.Step),
    break: (...steps: string[]) => failures.push(...steps),
    rotate: (request: Partial<RotateSecretCommandInput> = {}) =>
      client.send(new RotateSecretCommand({ SecretId: 'token', RotationLambdaARN: FUNCTION, ...request })),
    describe: () => client.send(new DescribeSecretCommand({ SecretId: 'token' })),
    value: async () => (await client.send(new GetSecretValueCommand({ SecretId: 'token' }))).SecretString,
  };
}

const unfinishedRotation = {
  name: 'InvalidRequestException',
  message: "A previous rotation isn't complete. That rotation will be reattempted.",
};

describe('a rotation', () => {
  test('runs the four steps on a version of its own and leaves it current', async () => {
    const it = await startWithRotation();
    const { ARN, VersionId } = await it.rotate({
      ClientRequestToken: id('two'),
      RotationRules: { AutomaticallyAfterDays: 7 },
    });
    expect(VersionId).toBe(id('two'));
    await it.server.runDueRotations();

    expect(it.events).toEqual(
      ALL_STEPS.map((Step) => ({
        SecretId: ARN,
        ClientRequestToken: id('two'),
        Step,
        RotationToken: expect.any(String) as unknown,
      })),
    );
    expect(await it.value()).toBe(`of ${id('two')}`);
    expect(await it.describe()).toMatchObject({
      RotationEnabled: true,
      RotationLambdaARN: FUNCTION,
      RotationRules: { AutomaticallyAfterDays: 7 },
      LastRotatedDate: new Date(it.clock.now()),
      NextRotationDate: new Date(it.clock.now() + 7 * DAY),
      VersionIdsToStages: { [id('two')]: ['AWSPENDING', 'AWSCURRENT'], [id('one')]: ['AWSPREVIOUS'] },
    });
  });

  test('begins with a version that has no value yet, and no other may begin meanwhile', async () => {
    const gate = Promise.withResolvers<void>();
    const it = await startWithRotation({ invoke: () => gate.promise });
    const { VersionId = '' } = await it.rotate();

    const pending = { SecretId: 'token', VersionStage: 'AWSPENDING' };
    await expect(it.client.send(new GetSecretValueCommand(pending))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    });
    expect(await it.describe()).toMatchObject({ VersionIdsToStages: { [VersionId]: ['AWSPENDING'] } });
    await expect(it.rotate()).rejects.toMatchObject(unfinishedRotation);
    // The same request once more is the same rotation.
    expect(await it.rotate({ ClientRequestToken: VersionId })).toMatchObject({ VersionId });
    gate.reject(new Error('The function failed.'));
  });

  test('starts over with the first step when one fails', async () => {
    const it = await startWithRotation();
    it.break('testSecret', 'createSecret');
    await it.rotate({ ClientRequestToken: id('two') });
    await it.server.runDueRotations();
    expect(it.steps()).toEqual(['createSecret', 'setSecret', 'testSecret', 'createSecret', ...ALL_STEPS]);
    expect(await it.value()).toBe(`of ${id('two')}`);
  });

  test('gives up in the end, is reattempted on the next request, and leaves the current value alone', async () => {
    const it = await startWithRotation();
    it.break('setSecret', 'setSecret', 'setSecret');
    await it.rotate({ ClientRequestToken: id('two') });
    await it.server.runDueRotations();
    expect(it.steps()).toHaveLength(6);
    expect(await it.value()).toBe('one');
    expect((await it.describe()).LastRotatedDate).toBeUndefined();

    await expect(it.rotate({ ClientRequestToken: id('three') })).rejects.toMatchObject(unfinishedRotation);
    await it.server.runDueRotations();
    expect(it.steps()).toEqual(ALL_STEPS);
    expect(await it.value()).toBe(`of ${id('two')}`);
  });

  test('does not take up again what the function gave up, when the schedule looks meanwhile', async () => {
    const it = await startWithRotation({
      invoke: async (_arn, { SecretId, ClientRequestToken: version, Step }) => {
        if (Step !== 'testSecret') return;
        const given = { SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: version };
        await it.client.send(new UpdateSecretVersionStageCommand(given)).catch(() => undefined);
        void it.server.runDueRotations();
        throw new Error('the value is no good');
      },
    });
    const { VersionId = '' } = await it.rotate();
    await it.server.runDueRotations();
    expect(Object.keys((await it.describe()).VersionIdsToStages ?? {})).not.toContain(VersionId);
  });

  test('is not done when the function says so and leaves AWSPENDING behind', async () => {
    const invoke = vi.fn(() => Promise.resolve());
    const it = await startWithRotation({ invoke });
    await it.rotate();
    await it.server.runDueRotations();
    expect(invoke).toHaveBeenCalledTimes(3 * ALL_STEPS.length);
    expect((await it.describe()).LastRotatedDate).toBeUndefined();
  });

  test('fails without a function to call', async () => {
    const it = await startWithRotation({ invoke: undefined });
    await it.rotate();
    await it.server.runDueRotations();
    expect(await it.value()).toBe('one');
  });

  test('with RotateImmediately false is a trial of testSecret alone, which leaves no version', async () => {
    const it = await startWithRotation();
    const rules = { ScheduleExpression: 'rate(4 hours)', Duration: '2h' };
    it.break('testSecret');
    await it.rotate({ RotateImmediately: false, RotationRules: rules });
    await it.server.runDueRotations();
    expect(it.steps()).toEqual(['testSecret']);
    expect(await it.describe()).toMatchObject({
      RotationEnabled: true,
      RotationRules: rules,
      NextRotationDate: new Date(it.clock.now() + 4 * HOUR),
      VersionIdsToStages: { [id('one')]: ['AWSCURRENT'] },
    });
    await it.rotate();
    await it.server.runDueRotations();
    expect(it.steps()).toEqual(ALL_STEPS);
  });

  test('can be cancelled between two steps', async () => {
    const second = Promise.withResolvers<void>();
    const it = await startWithRotation({
      invoke: async (_, event) => {
        if (event.Step === 'setSecret') await second.promise;
        await rotateOneStep(it.client, event);
      },
    });
    await it.rotate({ ClientRequestToken: id('two') });
    const cancelled = await it.client.send(new CancelRotateSecretCommand({ SecretId: 'token' }));
    expect(cancelled).toMatchObject({ VersionId: id('two') });
    second.resolve();
    await it.server.runDueRotations();

    expect(await it.value()).toBe('one');
    expect(await it.describe()).toMatchObject({ RotationEnabled: false, RotationLambdaARN: FUNCTION });
    // Whoever has looked at what the rotation left behind clears the way for the next one.
    await expect(it.rotate()).rejects.toMatchObject(unfinishedRotation);
    const clear = { SecretId: 'token', VersionStage: 'AWSPENDING', RemoveFromVersionId: id('two') };
    await it.client.send(new UpdateSecretVersionStageCommand(clear));
    await it.rotate({ ClientRequestToken: id('three'), RotationLambdaARN: undefined });
    await it.server.runDueRotations();
    expect(await it.value()).toBe(`of ${id('three')}`);
  });

  test('goes on after a stop in the middle, with the same version', async () => {
    const folder = await temporaryFolder();
    const reached = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const stepsBefore: string[] = [];
    const first = await startSecretsManager({
      accessKeyId: awsKey.accessKeyId,
      port: 0,
      folder,
      invoke: (_, event) => {
        stepsBefore.push(event.Step);
        if (event.Step !== 'testSecret') return rotateOneStep(before, event);
        reached.resolve();
        return stopped.promise;
      },
    });
    const before = clientOf(first.url);
    await before.send(new CreateSecretCommand({ Name: 'token', SecretString: 'one' }));
    const rotation = { SecretId: 'token', RotationLambdaARN: FUNCTION, ClientRequestToken: id('two') };
    await before.send(new RotateSecretCommand(rotation));
    await reached.promise;
    await first.close();
    stopped.resolve();

    const invoke = vi.fn((_: string, event: RotationEvent) => rotateOneStep(client, event));
    const { server, client } = await startWithClient({ folder, invoke });
    await server.runDueRotations();
    expect(stepsBefore).toEqual(['createSecret', 'setSecret', 'testSecret']);
    expect(invoke.mock.calls.map(([, event]) => event.Step)).toEqual(ALL_STEPS);
    expect(await client.send(new GetSecretValueCommand({ SecretId: 'token' }))).toMatchObject({
      VersionId: id('two'),
    });
  });

  test('ends where the secret does', async () => {
    const deleted = Promise.withResolvers<void>();
    const it = await startWithRotation({ invoke: vi.fn(() => deleted.promise) });
    await it.rotate();
    await it.client.send(new DeleteSecretCommand({ SecretId: 'token', ForceDeleteWithoutRecovery: true }));
    deleted.resolve();
    await it.server.runDueRotations();
    await expect(it.describe()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('the schedule', () => {
  const everyFourHours = { RotationRules: { ScheduleExpression: 'rate(4 hours)' } };

  test('rotates when the interval since the last rotation has passed', async () => {
    const it = await startWithRotation();
    await it.rotate(everyFourHours);
    await it.server.runDueRotations();
    it.steps();

    it.clock.advance(4 * HOUR - 1);
    await it.server.runDueRotations();
    expect(it.steps()).toEqual([]);
    it.clock.advance(1);
    await it.server.runDueRotations();
    expect(it.steps()).toEqual(ALL_STEPS);
    expect((await it.describe()).NextRotationDate).toEqual(new Date(it.clock.now() + 4 * HOUR));
  });

  test('takes a failed rotation up again, rather than a new one', async () => {
    const it = await startWithRotation();
    it.break('createSecret', 'createSecret', 'createSecret');
    await it.rotate({ ...everyFourHours, ClientRequestToken: id('two') });
    await it.server.runDueRotations();
    await it.server.runDueRotations();
    expect(it.steps()).toHaveLength(3);
    it.clock.advance(4 * HOUR);
    await it.server.runDueRotations();
    expect(it.steps()).toEqual(ALL_STEPS);
    expect(await it.value()).toBe(`of ${id('two')}`);
  });

  test('leaves cancelled rotations and deleted secrets alone, and comes back with a restored one', async () => {
    const it = await startWithRotation();
    await it.rotate(everyFourHours);
    await it.server.runDueRotations();
    it.steps();
    await it.client.send(new DeleteSecretCommand({ SecretId: 'token' }));
    it.clock.advance(DAY);
    await it.server.runDueRotations();
    expect(it.steps()).toEqual([]);
    await it.client.send(new RestoreSecretCommand({ SecretId: 'token' }));
    await it.server.runDueRotations();
    expect(it.steps()).toEqual(ALL_STEPS);
    await it.client.send(new CancelRotateSecretCommand({ SecretId: 'token' }));
    it.clock.advance(DAY);
    await it.server.runDueRotations();
    expect(it.steps()).toEqual([]);
    expect((await it.describe()).NextRotationDate).toBeUndefined();
  });

  test('can be overridden, and then runs by itself', async () => {
    const rotated = Promise.withResolvers<void>();
    let finished = 0;
    const it = await startWithRotation({
      now: Date.now,
      rotationIntervalMs: () => 5,
      scheduleIntervalMs: 1,
      invoke: async (_, event) => {
        await rotateOneStep(it.client, event);
        if (event.Step === 'finishSecret' && ++finished === 3) rotated.resolve();
      },
    });
    await it.rotate(everyFourHours);
    await rotated.promise;
    expect(await it.value()).toMatch(/^of /);
  });

  test.each([
    [{ AutomaticallyAfterDays: 1, ScheduleExpression: 'rate(1 day)' }, 'InvalidParameterException'],
    [{ ScheduleExpression: 'rate(3 hours)' }, 'InvalidParameterException'],
    [{ ScheduleExpression: 'rate(0 days)' }, 'InvalidParameterException'],
    [{ ScheduleExpression: 'cron(0 8 1 * ? *)' }, 'InvalidParameterException'],
    [{ ScheduleExpression: 'rate(4 hours)', Duration: '5h' }, 'InvalidParameterException'],
    [{ AutomaticallyAfterDays: 2, Duration: '25h' }, 'InvalidParameterException'],
    [{ AutomaticallyAfterDays: 1001 }, 'ValidationException'],
  ])('refuses %o', async (RotationRules, name) => {
    const it = await startWithRotation();
    await expect(it.rotate({ RotationRules })).rejects.toMatchObject({ name });
    expect((await it.describe()).RotationEnabled).toBeUndefined();
  });

  test('needs a function', async () => {
    const it = await startWithRotation();
    await expect(it.rotate({ RotationLambdaARN: undefined })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'No Lambda rotation function ARN is associated with this secret.',
    });
    await expect(it.client.send(new CancelRotateSecretCommand({ SecretId: 'token' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });
});
