import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { secretFullName } from '#lib/config/names.ts';
import { useLocal, useSettings, type AwsAddresses } from '#lib/config/process-env.ts';
import { basePath } from '#lib/operations/table.ts';
import { startApiGateway } from './api-gateway/server.ts';
import type { Throttling } from './api-gateway/throttle.ts';
import { makeAwsKey } from './aws-key.ts';
import { openConsole } from './console/console.ts';
import { startDemoApp } from './demo-app/server.ts';
import { startDynamoDb } from './dynamodb/server.ts';
import { openStateFolder, readOrWrite, writeWhole } from './files.ts';
import { startSandbox } from './sandbox/server.ts';
import { startSecretsManager } from './secrets-manager/server.ts';
import { createServers } from './servers.ts';
import { removeStale, stateFiles, type StackFile } from './stack-file.ts';
import { deployedIntervals, type Intervals } from './intervals.ts';
import { runByArn } from './jobs.ts';

/** How to bring up the stack. */
export interface StackOptions {
  /** The gateway's port; the others follow it. 0: any free ones. */
  port: number;
  /** The state folder. */
  data: string;
  /** A Budgea to call instead of the sandbox, `/2.0` included. */
  upstream?: string | undefined;
  /** An AWS-compatible endpoint to use instead of the local ones. */
  awsEndpoint?: string | undefined;
  intervals?: Intervals;
  /** How many calls each of the gateway's routes takes; unlimited by default, so that nobody waits. */
  throttling?: Throttling | undefined;
}

/** A stack that answers. */
export interface RunningStack {
  file: StackFile;
  /** Why there is no manage JWT that upstream takes: manage-signed calls answer 503 until there is. */
  refusal: unknown;
  /** Lets the calls under way end, stops every server and removes `stack.json`. Never rejects. */
  close(): Promise<void>;
}

/** The certificate types that the sandbox has and the gateway keeps. */
const certificateTypes = ['qwac', 'qseal'];

/**
 * Brings up the whole gateway on this machine and writes `stack.json` when everything answers. One process runs one stack, as the functions
 * take their environment from it. Throws UnsafeFolder, or StartFailure with everything that had started stopped again.
 */
export async function startStack({
  port,
  data,
  upstream,
  awsEndpoint,
  intervals = deployedIntervals,
  throttling,
}: StackOptions): Promise<RunningStack> {
  await openStateFolder(data, stateFiles);
  const stackFile = join(data, 'stack.json');
  const servers = createServers(port);
  const shown = openConsole({ sandbox: upstream === undefined, aws: awsEndpoint === undefined });
  await removeStale(stackFile);
  try {
    const aws = awsEndpoint === undefined ? await startAws() : { secretsManager: awsEndpoint, dynamodb: awsEndpoint };
    useLocal(aws);
    // These make AWS clients, which take their endpoints from the environment.
    const { createTable } = await import('./table.ts');
    const { prepareContract, prepareManageToken } = await import('./contract.ts');
    const { prepareDemoPartners } = await import('./demo-partners.ts');
    const { loadRoutes } = await import('./routes.ts');

    const [routes, contract] = await Promise.all([loadRoutes(), prepareContract(), createTable()]);
    const api = await servers.start('gateway', 0, (at) =>
      startApiGateway({ port: at, routes: shown.watch(routes), besides: shown.besides, throttling }),
    );
    const gateway = api.url + basePath;
    const sandbox =
      upstream === undefined
        ? await servers.start('sandbox Budgea', 1, (at) =>
            startSandbox({
              port: at,
              folder: join(data, 'sandbox'),
              ...contract,
              redirectUris: [`${gateway}/webauth/callback`],
              certificateTypes,
              onCall: shown.upstream,
              onControl: () => shown.changed('sandbox'),
            }),
          )
        : undefined;
    const budgea = upstream ?? sandbox?.url ?? '';
    useSettings({ budgea, gateway, certificateTypes, rotationMinutes: intervals.rotate / 60_000 });
    const demoApp = await servers.start('demo application', 4, (at) => startDemoApp({ port: at, gateway }));
    const [partners, refusal] = await Promise.all([
      prepareDemoPartners(data, demoApp.redirectUri),
      prepareManageToken(budgea, contract.adminToken).then(
        () => undefined,
        (error: unknown) => error,
      ),
    ]);
    demoApp.serveAs(partners.partner);
    const file: StackFile = {
      gateway,
      ...(sandbox === undefined ? { upstream: budgea } : { sandbox: sandbox.url }),
      ...aws,
      demoApp: demoApp.url,
      ...partners,
      certificate_types: certificateTypes,
    };
    await writeWhole(stackFile, file);
    shown.ready(file);
    return {
      file,
      refusal,
      async close() {
        await rm(stackFile, { force: true });
        await servers.close();
        shown.close();
      },
    };
  } catch (error) {
    await servers.close();
    shown.close();
    throw error;
  }

  async function startAws(): Promise<AwsAddresses> {
    const aws = await readOrWrite(join(data, 'aws-key.json'), makeAwsKey);
    const { accessKeyId } = aws;
    const [secrets, table] = await Promise.all([
      servers.start('Secrets Manager', 2, (at) =>
        startSecretsManager({
          port: at,
          accessKeyId,
          folder: join(data, 'secrets-manager'),
          invoke: runByArn,
          onChange: () => shown.changed('secrets'),
          scheduleIntervalMs: 1_000,
          rotationIntervalMs: (name) =>
            name === secretFullName('local', 'manage-token') ? intervals.rotate : undefined,
        }),
      ),
      servers.start('DynamoDB', 3, (at) =>
        startDynamoDb({
          port: at,
          accessKeyId,
          folder: join(data, 'dynamodb'),
          onWrite: () => shown.changed('table'),
        }),
      ),
    ]);
    return { secretsManager: secrets.url, dynamodb: table.url, aws };
  }
}
