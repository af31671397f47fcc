import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  paginateListSecretVersionIds,
  paginateListSecrets,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeQueue } from '#local/secrets-manager/queue.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';
import { DAY, clientOf, id, makeClock, start, startWithClient, temporaryFolder } from './secrets-manager-fixture.ts';

const create = (client: SecretsManagerClient, Name: string, SecretString = 'one', ClientRequestToken = id('one')) =>
  client.send(new CreateSecretCommand({ Name, SecretString, ClientRequestToken }));

const stagesOf = async (client: SecretsManagerClient, SecretId: string) =>
  (await client.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages;

const authorization = `AWS4-HMAC-SHA256 Credential=${awsKey.accessKeyId}/20300115/eu-west-3/secretsmanager/aws4_request`;

const post = (url: string, target: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', headers: { 'x-amz-target': target, authorization, ...headers }, body });

describe('a secret', () => {
  test('keeps a string and answers it with its version', async () => {
    const clock = makeClock();
    const { client } = await startWithClient(clock);
    const created = await client.send(
      new CreateSecretCommand({ Name: 'dev/a', SecretString: 'värde', Description: 'first', KmsKeyId: 'alias/k' }),
    );
    expect(created.ARN).toMatch(/^arn:aws:secretsmanager:eu-west-3:\d{12}:secret:dev\/a-[A-Za-z0-9]{6}$/);

    expect(await client.send(new GetSecretValueCommand({ SecretId: 'dev/a' }))).toMatchObject({
      ARN: created.ARN,
      Name: 'dev/a',
      VersionId: created.VersionId,
      SecretString: 'värde',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: new Date(clock.now()),
    });
    expect(await client.send(new DescribeSecretCommand({ SecretId: 'dev/a' }))).toMatchObject({
      Description: 'first',
      KmsKeyId: 'alias/k',
      CreatedDate: new Date(clock.now()),
      LastChangedDate: new Date(clock.now()),
      LastAccessedDate: new Date(Date.UTC(2030, 0, 15)),
      VersionIdsToStages: { [String(created.VersionId)]: ['AWSCURRENT'] },
    });
  });

  test('keeps bytes', async () => {
    const { client } = await startWithClient();
    const SecretBinary = Uint8Array.from([0, 255, 10, 0]);
    await client.send(new CreateSecretCommand({ Name: 'bytes', SecretBinary }));
    const read = await client.send(new GetSecretValueCommand({ SecretId: 'bytes' }));
    expect(read.SecretBinary).toEqual(SecretBinary);
    expect(read.SecretString).toBeUndefined();
  });

  test('answers to its name, its ARN and its ARN without the suffix', async () => {
    const { client } = await startWithClient();
    const { ARN = '' } = await create(client, 'dev/named');
    for (const SecretId of ['dev/named', ARN, ARN.slice(0, -7)]) {
      expect(await client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({ ARN });
    }
    await expect(client.send(new GetSecretValueCommand({ SecretId: `${ARN}x` }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    });
  });

  test('may begin without a value', async () => {
    const { client } = await startWithClient();
    const { VersionId } = await client.send(new CreateSecretCommand({ Name: 'empty' }));
    expect(VersionId).toBeUndefined();
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'empty' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    });
    // A secret's first version is the current one, whatever stage was asked for.
    const put = new PutSecretValueCommand({ SecretId: 'empty', SecretString: 'x', VersionStages: ['mine'] });
    expect(await client.send(put)).toMatchObject({ VersionStages: ['AWSCURRENT', 'mine'] });
  });

  test('is created once per name, and a repeated request gets the first answer', async () => {
    const { client } = await startWithClient();
    const first = await create(client, 'once');
    const again = await create(client, 'once');
    expect(again).toMatchObject({ ARN: first.ARN, VersionId: first.VersionId });
    const exists = {
      name: 'ResourceExistsException',
      message: 'The operation failed because the secret once already exists.',
    };
    await expect(create(client, 'once', 'other')).rejects.toMatchObject(exists);
    await expect(create(client, 'once', 'one', id('two'))).rejects.toMatchObject(exists);
  });

  test('holds 64 KiB, counted in bytes', async () => {
    const { client } = await startWithClient();
    await create(client, 'large', 'é'.repeat(32_768));
    const tooLarge = client.send(new PutSecretValueCommand({ SecretId: 'large', SecretString: 'é'.repeat(32_769) }));
    await expect(tooLarge).rejects.toMatchObject({ name: 'ValidationException' });
    const tooManyBytes = client.send(
      new PutSecretValueCommand({ SecretId: 'large', SecretBinary: new Uint8Array(65_537) }),
    );
    await expect(tooManyBytes).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('versions and stages', () => {
  test('a new version becomes current and the one before it previous', async () => {
    const { client } = await startWithClient();
    await create(client, 'v');
    for (const value of ['two', 'three']) {
      await client.send(
        new PutSecretValueCommand({ SecretId: 'v', SecretString: value, ClientRequestToken: id(value) }),
      );
    }
    expect(await stagesOf(client, 'v')).toEqual({ [id('three')]: ['AWSCURRENT'], [id('two')]: ['AWSPREVIOUS'] });

    const read = async (choice: object) =>
      (await client.send(new GetSecretValueCommand({ SecretId: 'v', ...choice }))).SecretString;
    expect(await read({})).toBe('three');
    expect(await read({ VersionStage: 'AWSPREVIOUS' })).toBe('two');
    expect(await read({ VersionId: id('one') })).toBe('one');
    expect(await read({ VersionId: id('two'), VersionStage: 'AWSPREVIOUS' })).toBe('two');
    await expect(read({ VersionId: id('two'), VersionStage: 'AWSCURRENT' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    await expect(read({ VersionId: id('four') })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Secrets Manager can't find the specified secret value for VersionId: ${id('four')}`,
    });
  });

  test('the same value under the same token is stored once; another value is refused', async () => {
    const { client } = await startWithClient();
    await create(client, 'v');
    const put = (SecretString: string, VersionStages?: string[]) =>
      client.send(
        new PutSecretValueCommand({ SecretId: 'v', SecretString, VersionStages, ClientRequestToken: id('two') }),
      );
    await put('two', ['AWSPENDING']);
    // Ignored altogether: not even the stages move.
    expect(await put('two', ['AWSCURRENT'])).toMatchObject({ VersionStages: ['AWSPENDING'] });
    await expect(put('three')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    expect(await stagesOf(client, 'v')).toEqual({ [id('one')]: ['AWSCURRENT'], [id('two')]: ['AWSPENDING'] });
  });

  test("a stage is on one version, and moving it requires that version's id", async () => {
    const { client } = await startWithClient();
    await create(client, 'v');
    const pending = { SecretString: 'two', ClientRequestToken: id('two'), VersionStages: ['AWSPENDING'] };
    await client.send(new PutSecretValueCommand({ SecretId: 'v', ...pending }));
    const move = (request: { VersionStage: string; MoveToVersionId?: string; RemoveFromVersionId?: string }) =>
      client.send(new UpdateSecretVersionStageCommand({ SecretId: 'v', ...request }));
    const toTwo = { VersionStage: 'AWSCURRENT', MoveToVersionId: id('two') };

    await expect(move(toTwo)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: `The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${id('one')}, so you must explicitly reference that version in RemoveFromVersionId.`,
    });
    await expect(move({ ...toTwo, RemoveFromVersionId: id('two') })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(move({ VersionStage: 'AWSCURRENT', RemoveFromVersionId: id('one') })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(move({ VersionStage: 'AWSCURRENT', MoveToVersionId: id('nowhere') })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });

    await move({ ...toTwo, RemoveFromVersionId: id('one') });
    // Asking again for what already is needs no version to take the stage from.
    await move(toTwo);
    await move({ VersionStage: 'AWSPENDING', RemoveFromVersionId: id('two') });
    await move({ VersionStage: 'mine', MoveToVersionId: id('one') });
    expect(await stagesOf(client, 'v')).toEqual({ [id('two')]: ['AWSCURRENT'], [id('one')]: ['AWSPREVIOUS', 'mine'] });
  });

  test('a rollback swaps the current and the previous version', async () => {
    const { client } = await startWithClient();
    await create(client, 'v');
    await client.send(new PutSecretValueCommand({ SecretId: 'v', SecretString: 'two', ClientRequestToken: id('two') }));
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: 'v',
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: id('one'),
        RemoveFromVersionId: id('two'),
      }),
    );
    expect(await stagesOf(client, 'v')).toEqual({ [id('one')]: ['AWSCURRENT'], [id('two')]: ['AWSPREVIOUS'] });
  });

  test('a version without a stage is deprecated, and listed on demand', async () => {
    const clock = makeClock();
    const { client } = await startWithClient(clock);
    await create(client, 'v');
    for (const value of ['two', 'three']) {
      clock.advance(1);
      await client.send(
        new PutSecretValueCommand({ SecretId: 'v', SecretString: value, ClientRequestToken: id(value) }),
      );
    }
    const staged = await client.send(new ListSecretVersionIdsCommand({ SecretId: 'v' }));
    expect(staged.Versions?.map((version) => version.VersionId)).toEqual([id('two'), id('three')]);

    const all: (string | undefined)[] = [];
    const pages = paginateListSecretVersionIds({ client, pageSize: 2 }, { SecretId: 'v', IncludeDeprecated: true });
    for await (const { Versions = [] } of pages) all.push(...Versions.map((version) => version.VersionId));
    expect(all).toEqual([id('one'), id('two'), id('three')]);
  });

  test('there are at most 20 stages, and about 100 versions are kept', async () => {
    const { client } = await startWithClient();
    await create(client, 'v');
    const stages = Array.from({ length: 20 }, (_, index) => `stage-${index}`);
    await expect(
      client.send(new PutSecretValueCommand({ SecretId: 'v', SecretString: 'x', VersionStages: stages })),
    ).rejects.toMatchObject({ name: 'LimitExceededException' });

    for (let version = 0; version < 105; version++) {
      await client.send(new PutSecretValueCommand({ SecretId: 'v', SecretString: 'x' }));
    }
    const list = new ListSecretVersionIdsCommand({ SecretId: 'v', IncludeDeprecated: true, MaxResults: 100 });
    const { Versions, NextToken } = await client.send(list);
    expect(Versions).toHaveLength(100);
    expect(NextToken).toBeUndefined();
  });
});

describe('lists', () => {
  test('show the secrets that pass every filter', async () => {
    const { client } = await startWithClient(makeClock());
    await client.send(
      new CreateSecretCommand({ Name: 'dev/a', Description: 'The key', Tags: [{ Key: 'team', Value: 'red' }] }),
    );
    await client.send(new CreateSecretCommand({ Name: 'prod/a', Description: 'A password' }));
    const names = async (...Filters: { Key: 'name' | 'description' | 'all' | 'tag-key'; Values: string[] }[]) => {
      const { SecretList = [] } = await client.send(new ListSecretsCommand({ Filters }));
      return SecretList.map((secret) => String(secret.Name)).toSorted();
    };
    expect(await names()).toEqual(['dev/a', 'prod/a']);
    expect(await names({ Key: 'name', Values: ['dev/'] })).toEqual(['dev/a']);
    expect(await names({ Key: 'name', Values: ['Dev/'] })).toEqual([]);
    expect(await names({ Key: 'name', Values: ['!dev/'] })).toEqual(['prod/a']);
    expect(await names({ Key: 'name', Values: ['dev/', 'prod/'] })).toEqual(['dev/a', 'prod/a']);
    expect(await names({ Key: 'description', Values: ['the'] })).toEqual(['dev/a']);
    expect(await names({ Key: 'tag-key', Values: ['te'] })).toEqual(['dev/a']);
    expect(await names({ Key: 'all', Values: ['nothing PASS'] })).toEqual(['prod/a']);
    expect(await names({ Key: 'name', Values: ['dev/'] }, { Key: 'description', Values: ['a'] })).toEqual([]);
  });

  test('come in pages, and stay whole when secrets are added in between', async () => {
    const clock = makeClock();
    const { client } = await startWithClient(clock);
    const add = async (name: string) => {
      clock.advance(1);
      await create(client, name);
    };
    for (const name of ['a', 'b', 'c', 'd', 'e']) await add(name);

    const seen: (string | undefined)[] = [];
    for await (const { SecretList = [] } of paginateListSecrets({ client, pageSize: 2 }, { SortOrder: 'desc' })) {
      seen.push(...SecretList.map((secret) => secret.Name));
      await add(`later-${seen.length}`);
    }
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a']);
    await expect(client.send(new ListSecretsCommand({ NextToken: 'made-up' }))).rejects.toMatchObject({
      name: 'InvalidNextTokenException',
    });
  });
});

describe('a password', () => {
  test('has every kind of character, and none that is excluded', async () => {
    const { client } = await startWithClient();
    const password = async (request: object) =>
      (await client.send(new GetRandomPasswordCommand(request))).RandomPassword ?? '';

    expect(await password({})).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w\s])[!-~]{32}$/);
    expect(await password({ PasswordLength: 4 })).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w])[!-~]{4}$/);
    expect(await password({ PasswordLength: 64, ExcludePunctuation: true, ExcludeCharacters: '0OIl' })).toMatch(
      /^[1-9A-HJ-NP-Za-km-z]{64}$/,
    );
    const digits = { ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true };
    expect(await password({ ...digits, PasswordLength: 1 })).toMatch(/^\d$/);
    for (const impossible of [{ PasswordLength: 3 }, { ...digits, ExcludeNumbers: true }]) {
      await expect(password(impossible)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    }
  });
});

describe('the protocol', () => {
  test('carries a request id and the error in the body', async () => {
    const { url } = await start();
    const response = await post(url, 'secretsmanager.GetSecretValue', '{"SecretId":"missing"}');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[\da-f-]{36}$/);
    expect(await response.json()).toEqual({
      __type: 'ResourceNotFoundException',
      Message: "Secrets Manager can't find the specified secret.",
    });
  });

  test.each([
    ['secretsmanager.Nonsense', '{}', 'UnknownOperationException', 'Unknown operation: Nonsense.'],
    ['dynamodb.GetItem', '{}', 'UnknownOperationException', 'The request names no operation of this service.'],
    ['secretsmanager.GetSecretValue', '{', 'SerializationException', 'The request is not JSON.'],
    [
      'secretsmanager.GetSecretValue',
      '{"SecretId":7}',
      'SerializationException',
      'A member of the request has another type than expected.',
    ],
    [
      'secretsmanager.GetSecretValue',
      '{}',
      'ValidationException',
      "1 validation error detected: Value at 'secretId' failed to satisfy constraint: Member must not be null",
    ],
    [
      'secretsmanager.CreateSecret',
      '{"Name":"no spaces","Tags":[{"Key":"","Value":""}]}',
      'ValidationException',
      "2 validation errors detected: Value at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: /^[A-Za-z0-9/_+=.@-]+$/; Value at 'tags.1.member.Key' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      'secretsmanager.ListSecrets',
      '{"MaxResults":101,"SortOrder":"up"}',
      'ValidationException',
      "2 validation errors detected: Value at 'sortOrder' failed to satisfy constraint: Member must satisfy enum value set: [asc, desc]; Value at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100",
    ],
    [
      'secretsmanager.CreateSecret',
      '{"Name":"a","SecretString":"b"}',
      'InvalidParameterException',
      'You must provide a ClientRequestToken value. We recommend a UUID-type value.',
    ],
    [
      'secretsmanager.CreateSecret',
      '{"Name":"a","SecretString":"b","SecretBinary":"YQ=="}',
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    ],
  ])('refuses %s with %s', async (target, body, type, message) => {
    const { url } = await start();
    const response = await post(url, target, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ __type: type, Message: message });
  });

  test('never shows a value that it refuses', async () => {
    const { url } = await start();
    const body = JSON.stringify({
      Name: 'x',
      SecretString: `hidden${'x'.repeat(70_000)}`,
      ClientRequestToken: id('x'),
    });
    expect(await (await post(url, 'secretsmanager.CreateSecret', body)).text()).not.toContain('hidden');
  });

  test('ends at a request that no secret can need', async () => {
    const { url } = await start();
    const response = await post(url, 'secretsmanager.PutSecretValue', 'x'.repeat(2_000_000));
    expect(await response.json()).toMatchObject({ __type: 'SerializationException' });
  });

  test('can be told to fail', async () => {
    const { client } = await startWithClient({
      fail: (operation, request) =>
        operation === 'GetSecretValue'
          ? (request as { SecretId: string }).SecretId === 'a'
            ? 'throttle'
            : 'internal'
          : operation === 'DescribeSecret'
            ? 'hang'
            : undefined,
    });
    await create(client, 'a');
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'a' }))).rejects.toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'b' }))).rejects.toMatchObject({
      name: 'InternalServiceError',
      $metadata: { httpStatusCode: 500 },
    });
    const abortSignal = AbortSignal.timeout(50);
    await expect(client.send(new DescribeSecretCommand({ SecretId: 'a' }), { abortSignal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('the server', () => {
  test('takes the SDK with its defaults in any region, and many requests at once', async () => {
    const { server, client } = await startWithClient();
    const other = clientOf(server.url, { region: 'us-west-2', maxAttempts: 3 });
    await create(client, 'shared', '0');
    const values = Array.from({ length: 50 }, (_, index) => String(index));
    await Promise.all(
      values.map((SecretString, index) =>
        (index % 2 === 0 ? client : other).send(new PutSecretValueCommand({ SecretId: 'shared', SecretString })),
      ),
    );
    const stages = Object.values((await stagesOf(other, 'shared')) ?? {}).flat();
    expect(stages.toSorted()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
    const list = new ListSecretVersionIdsCommand({ SecretId: 'shared', IncludeDeprecated: true });
    expect((await client.send(list)).Versions).toHaveLength(51);
  });

  test('carries out one operation after the other, also after one that failed', async () => {
    const inTurn = makeQueue();
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    const first = inTurn(async () => {
      await gate.promise;
      order.push('first');
      throw new Error('first failed');
    });
    const second = inTurn(() => order.push('second'));
    gate.resolve();
    await expect(first).rejects.toThrow('first failed');
    await second;
    expect(order).toEqual(['first', 'second']);
  });

  test('of three that create the same secret at once, two are refused', async () => {
    const { client } = await startWithClient();
    const results = await Promise.allSettled(['a', 'b', 'c'].map((value) => create(client, 'race', value, id(value))));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  test('starts again with all that it has answered', async () => {
    const folder = await temporaryFolder();
    const clock = makeClock();
    const first = await startSecretsManager({ port: 0, accessKeyId: awsKey.accessKeyId, folder, ...clock });
    const before = clientOf(first.url);
    const { ARN } = await create(before, 'dev/kept/deep');
    await before.send(new PutSecretValueCommand({ SecretId: 'dev/kept/deep', SecretString: 'two' }));
    await first.close();

    clock.advance(DAY);
    const { client } = await startWithClient({ folder, ...clock });
    expect(await client.send(new GetSecretValueCommand({ SecretId: 'dev/kept/deep' }))).toMatchObject({
      ARN,
      SecretString: 'two',
    });
    const previous = new GetSecretValueCommand({ SecretId: 'dev/kept/deep', VersionStage: 'AWSPREVIOUS' });
    expect(await client.send(previous)).toMatchObject({ SecretString: 'one', VersionId: id('one') });
  });

  test('rejects with EADDRINUSE when the port is taken, even with the other one’s folder', async () => {
    const folder = await temporaryFolder();
    const { port } = await start({ folder });
    await expect(startSecretsManager({ port, accessKeyId: awsKey.accessKeyId, folder })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  test('rejects, and releases the port, when another server has the folder', async () => {
    const folder = await temporaryFolder();
    await start({ folder });
    const probe = createServer().listen(0, '127.0.0.1');
    const { port } = await new Promise<AddressInfo>((resolve) => {
      probe.once('listening', () => resolve(probe.address() as AddressInfo));
    });
    await new Promise((resolve) => {
      probe.close(resolve);
    });
    await expect(startSecretsManager({ port, accessKeyId: awsKey.accessKeyId, folder })).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
    });
    const again = await startSecretsManager({ port, accessKeyId: awsKey.accessKeyId });
    onTestFinished(() => again.close());
    expect(again.port).toBe(port);
  });
});
