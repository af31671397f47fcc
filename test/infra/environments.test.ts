import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { validateEnvironments, type EnvironmentSettings } from '#infra/settings.ts';
import { environments } from '#infra/environments.ts';
import { everything } from './everything.ts';

/** The names of the settings in the error message, each of which has an explanation. */
function invalid(settings: Record<string, unknown>): string[] {
  try {
    validateEnvironments(settings as Record<string, EnvironmentSettings>); // Invalid on purpose.
    return [];
  } catch (error) {
    const [title, ...lines] = String(error).split('\n');
    return lines.map((line) => /^ {2}([\w.-]+): \S.{5,}$/.exec(line)?.[1] ?? `${title} ${line}`);
  }
}

test('there are dev, staging and prod, and all settings are valid', () => {
  expect(Object.keys(environments)).toEqual(expect.arrayContaining(['dev', 'staging', 'prod']));
  expect(invalid({ ...environments, everything })).toEqual([]);
});

test('prod is a production environment that sends alarms and has no access without credentials', () => {
  expect(environments.prod).toMatchObject({ production: true, allowAnonymousInit: false, apiPage: false });
  expect(environments.prod.alarmEmail).toBeTypeOf('string');
});

describe('the error names', () => {
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
    ['alarmEmail', 'operators'],
    ['alarmEmail', undefined],
  ])('%s: %j', (path, value) => {
    const [setting = ''] = path.split('.');
    expect(invalid({ prod: { ...everything, [setting]: value } })).toEqual([`prod.${path}`]);
  });

  test('an unknown setting', () => {
    expect(invalid({ prod: { ...everything, memoryy: 256 } })).toEqual(['prod.memoryy']);
  });

  test.each(['Prod', 'local', '1st', 'a_b', 'x'.repeat(32)])('the environment %s', (name) => {
    expect(invalid({ [name]: everything })).toEqual([name]);
  });

  test('all invalid settings', () => {
    expect(invalid({ dev: { ...everything, memory: 1 }, prod: { ...everything, region: '', memory: 1 } })).toEqual([
      'dev.memory',
      'prod.region',
      'prod.memory',
    ]);
  });
});

test('the environments do not load the CDK', async () => {
  const program = `
    await import('./infra/environments.ts');
    const { cache } = process.getBuiltinModule('node:module').createRequire(import.meta.url);
    process.stdout.write(JSON.stringify(Object.keys(cache).filter((file) => file.includes('aws-cdk-lib'))));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  expect(JSON.parse(stdout)).toEqual([]);
});

test.each([
  ['the name of an environment', 'production', `Name an environment: ${Object.keys(environments).join(', ')}.\n`],
  ['settings of your own', 'dev', 'Replace https://example-dev.biapi.pro/2.0 of dev in infra/environments.ts.\n'],
])('a deployment requires %s', async (_name, environment, stderr) => {
  const deployed = promisify(execFile)(process.execPath, ['infra/cdk.ts', 'deploy', environment]);
  await expect(deployed).rejects.toMatchObject({ code: 2, stderr });
});
