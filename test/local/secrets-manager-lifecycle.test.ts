import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type DeleteSecretCommandInput,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, onTestFinished, test } from 'vitest';
import { awsKey } from '../aws-key.ts';
import { DAY, clientOf, id, makeClock, startWithClient, temporaryFolder } from './secrets-manager-fixture.ts';

async function startWithSecret() {
  const clock = makeClock();
  const { client } = await startWithClient(clock);
  const secret = { Name: 'a', SecretString: 'one', ClientRequestToken: id('one') };
  const { ARN } = await client.send(new CreateSecretCommand(secret));
  return {
    client,
    clock,
    ARN,
    create: () => client.send(new CreateSecretCommand(secret)),
    read: () => client.send(new GetSecretValueCommand({ SecretId: 'a' })),
    describe: () => client.send(new DescribeSecretCommand({ SecretId: 'a' })),
    restore: () => client.send(new RestoreSecretCommand({ SecretId: 'a' })),
    delete: (request: Partial<DeleteSecretCommandInput> = {}) =>
      client.send(new DeleteSecretCommand({ SecretId: 'a', ...request })),
  };
}

const marked = {
  name: 'InvalidRequestException',
  message: "You can't perform this operation on the secret because it was marked for deletion.",
};

describe('deletion', () => {
  test('marks the secret, whose value is then out of reach until it is restored', async () => {
    const it = await startWithSecret();
    const date = new Date(it.clock.now() + 7 * DAY);
    expect(await it.delete({ RecoveryWindowInDays: 7 })).toMatchObject({ ARN: it.ARN, Name: 'a', DeletionDate: date });

    await expect(it.read()).rejects.toMatchObject(marked);
    await expect(it.delete()).rejects.toMatchObject(marked);
    const put = new PutSecretValueCommand({ SecretId: 'a', SecretString: 'two' });
    await expect(it.client.send(put)).rejects.toMatchObject(marked);
    await expect(it.create()).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: "You can't create this secret because a secret with this name is already scheduled for deletion.",
    });
    expect(await it.describe()).toMatchObject({ DeletedDate: date });
    expect((await it.client.send(new ListSecretsCommand({}))).SecretList).toEqual([]);
    const planned = await it.client.send(new ListSecretsCommand({ IncludePlannedDeletion: true }));
    expect(planned.SecretList).toMatchObject([{ Name: 'a', DeletedDate: date }]);

    it.clock.advance(7 * DAY - 1);
    expect(await it.restore()).toMatchObject({ ARN: it.ARN, Name: 'a' });
    expect(await it.read()).toMatchObject({ SecretString: 'one' });
    expect(await it.restore()).toMatchObject({ ARN: it.ARN });
    expect((await it.describe()).DeletedDate).toBeUndefined();
  });

  test('comes after 30 days, and frees the name for a secret with another ARN', async () => {
    const it = await startWithSecret();
    await it.delete();
    it.clock.advance(30 * DAY);
    await expect(it.restore()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const { ARN } = await it.create();
    expect(ARN).not.toBe(it.ARN);
    await expect(it.client.send(new DescribeSecretCommand({ SecretId: it.ARN }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('without recovery is immediate, and no error when there is nothing to delete', async () => {
    const it = await startWithSecret();
    await it.delete();
    for (const _ of ['marked', 'gone']) {
      expect(await it.delete({ ForceDeleteWithoutRecovery: true })).toMatchObject({
        Name: 'a',
        DeletionDate: new Date(it.clock.now()),
      });
    }
    await expect(it.describe()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('has a window of 7 to 30 days, or none', async () => {
    const it = await startWithSecret();
    for (const request of [
      { RecoveryWindowInDays: 6 },
      { RecoveryWindowInDays: 31 },
      { RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true },
    ]) {
      await expect(it.delete(request)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    }
    expect(await it.read()).toMatchObject({ SecretString: 'one' });
  });
});

describe('an update', () => {
  test('changes the description alone, or makes a new current version', async () => {
    const it = await startWithSecret();
    const update = (request: object) => it.client.send(new UpdateSecretCommand({ SecretId: 'a', ...request }));
    expect((await update({ Description: 'told', KmsKeyId: 'alias/k' })).VersionId).toBeUndefined();
    await update({ SecretString: 'two', ClientRequestToken: id('two') });
    expect(await it.describe()).toMatchObject({
      Description: 'told',
      KmsKeyId: 'alias/k',
      VersionIdsToStages: { [id('one')]: ['AWSPREVIOUS'], [id('two')]: ['AWSCURRENT'] },
    });
    await expect(update({ SecretString: 'three', ClientRequestToken: id('two') })).rejects.toMatchObject({
      name: 'ResourceExistsException',
      message: `You can't use ClientRequestToken ${id('two')} because that value is already in use for a version of secret ${it.ARN}.`,
    });
  });

  test('of tags adds, replaces and removes them', async () => {
    const it = await startWithSecret();
    const tag = (...Tags: { Key: string; Value: string }[]) =>
      it.client.send(new TagResourceCommand({ SecretId: 'a', Tags }));
    await tag({ Key: 'x', Value: '1' }, { Key: 'y', Value: '2' });
    await tag({ Key: 'x', Value: '3' });
    await it.client.send(new UntagResourceCommand({ SecretId: 'a', TagKeys: ['y', 'z'] }));
    expect((await it.describe()).Tags).toEqual([{ Key: 'x', Value: '3' }]);
  });
});

test('what was answered survives a kill', async () => {
  const folder = await temporaryFolder();
  const module = new URL('../../local/secrets-manager/server.ts', import.meta.url).href;
  const script = `const { startSecretsManager } = await import(${JSON.stringify(module)});
    const { url } = await startSecretsManager({ port: 0, accessKeyId: '${awsKey.accessKeyId}', folder: ${JSON.stringify(folder)} });
    process.stdout.write(url);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [url] = (await once(child.stdout, 'data')) as [Buffer];

  const before = clientOf(url.toString());
  await before.send(new CreateSecretCommand({ Name: 'a', SecretString: '0' }));
  // Killed while requests are on their way: those that were answered, and only whole versions, are there afterwards.
  const answered = new Set<string>();
  const writing = Array.from({ length: 40 }, async (_, index) => {
    const token = id(`version-${index}`);
    const put = { SecretId: 'a', SecretString: String(index), ClientRequestToken: token };
    await before.send(new PutSecretValueCommand(put));
    if (answered.add(token).size === 10) child.kill('SIGKILL');
  });
  await Promise.allSettled(writing);
  expect(answered.size).toBeGreaterThanOrEqual(10);

  const { client } = await startWithClient({ folder });
  for (const VersionId of answered) {
    await client.send(new GetSecretValueCommand({ SecretId: 'a', VersionId }));
  }
  const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: 'a' }));
  const stages = Object.values(VersionIdsToStages).flat();
  expect(stages.toSorted((one, other) => one.localeCompare(other))).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
});
