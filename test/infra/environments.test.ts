import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { checkEnvironments, type Environment } from '#infra/environment.ts';
import { environments } from '#infra/environments.ts';
import { everything } from './everything.ts';

/** The names of the settings that a message complains of; each line says what is expected. */
function complaints(about: Record<string, unknown>): string[] {
  try {
    checkEnvironments(about as Record<string, Environment>); // Wrong on purpose.
    return [];
  } catch (error) {
    const [title, ...lines] = String(error).split('\n');
    return lines.map((line) => /^ {2}([\w.-]+): \S.{5,}$/.exec(line)?.[1] ?? `${title} ${line}`);
  }
}

test('dev, staging and prod are there, and everything in them can be', () => {
  expect(Object.keys(environments)).toEqual(expect.arrayContaining(['dev', 'staging', 'prod']));
  expect(complaints({ ...environments, everything })).toEqual([]);
});

test('prod is for production, tells someone, and lets nobody in without a credential, not even to its API page', () => {
  const told = expect.any(String) as string;
  expect(environments.prod).toMatchObject({
    production: true,
    allowAnonymousInit: false,
    apiPage: false,
    alarmEmail: told,
  });
});

describe('a wrong value is named', () => {
  test.each<[string, unknown]>([
    ['account', '12345'],
    ['account', 123_456_789_012],
    ['region', 'Paris'],
    ['production', 'yes'],
    ['budgeaUrl', 'http://example.biapi.pro/2.0'],
    ['budgeaUrl', 'https://example.biapi.pro'],
    ['budgeaUrl', 'https://example.biapi.pro/2.0/'],
    ['manageScope', ''],
    ['manageScope', 'users all'],
    ['rotateManageTokenHours', 3],
    ['rotateManageTokenHours', 4.5],
    ['rotateManageTokenHours', 25],
    ['rotateSealingKeysDays', 0],
    ['certificateTypes', ['qwac', 'qwac']],
    ['certificateTypes.1', ['qwac', 'a/b']],
    ['fetchCertificatesHours', 0],
    ['allowAnonymousInit', 1],
    ['apiPage', undefined],
    ['apiPage', 'public'],
    ['corsOrigins.0', ['*']],
    ['corsOrigins.0', ['http://app.example.com']],
    ['corsOrigins.0', ['https://*.example.com']],
    ['corsOrigins.0', ['https://app.example.com/']],
    ['domain.certificateArn', { name: 'gateway.example.com' }],
    ['domain.name', { ...everything.domain, name: 'https://gateway.example.com' }],
    ['domain.hostedZone.id', { ...everything.domain, hostedZone: { id: 'zone', name: 'example.com' } }],
    ['throttling.burst', { requestsPerSecond: 1 }],
    ['throttling.requestsPerSecond', { requestsPerSecond: 0, burst: 1 }],
    ['anonymousThrottling', undefined],
    ['anonymousThrottling.burst', { requestsPerSecond: 1, burst: 0 }],
    ['memory', 64],
    ['functions.auth_init', { auth_init: { memory: 256 } }],
    ['functions.watch.provisionedConcurrency', { watch: { provisionedConcurrency: 1 } }],
    ['functions.auth_init_post.memory', { auth_init_post: { memory: 20_000 } }],
    [
      'functions.auth_init_post.provisionedConcurrency',
      { auth_init_post: { provisionedConcurrency: 3, reservedConcurrency: 2 } },
    ],
    ['logRetentionDays', 31],
    ['alarmEmail', 'nobody'],
    ['alarmEmail', undefined],
  ])('%s: %j', (path, value) => {
    const [setting = ''] = path.split('.');
    expect(complaints({ prod: { ...everything, [setting]: value } })).toEqual([`prod.${path}`]);
  });

  test('a setting that there is not', () => {
    expect(complaints({ prod: { ...everything, memoryy: 256 } })).toEqual(['prod.memoryy']);
  });

  test.each(['Prod', 'local', '1st', 'a_b', 'x'.repeat(32)])('the environment’s name %s', (name) => {
    expect(complaints({ [name]: everything })).toEqual([name]);
  });

  test('all of them at once', () => {
    expect(complaints({ dev: { ...everything, memory: 1 }, prod: { ...everything, region: '', memory: 1 } })).toEqual([
      'dev.memory',
      'prod.region',
      'prod.memory',
    ]);
  });
});

test('the environments can be read without the CDK', async () => {
  const program = `
    await import('./infra/environments.ts');
    const { cache } = process.getBuiltinModule('node:module').createRequire(import.meta.url);
    process.stdout.write(JSON.stringify(Object.keys(cache).filter((file) => file.includes('aws-cdk-lib'))));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  expect(JSON.parse(stdout)).toEqual([]);
});

test('nothing is deployed without the name of an environment', async () => {
  const deployed = promisify(execFile)(process.execPath, ['infra/cdk.ts', 'deploy', 'production']);
  await expect(deployed).rejects.toMatchObject({
    code: 2,
    stderr: `Name an environment: ${Object.keys(environments).join(', ')}.\n`,
  });
});
