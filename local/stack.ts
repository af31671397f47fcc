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
import { deployedIntervals, runByArn, type Intervals } from './jobs.ts';
import { startSandbox } from './sandbox/server.ts';
import { startSecretsManager } from './secrets-manager/server.ts';
import { createServers } from './servers.ts';
import { removeStale, stateFiles, type StackFile } from './stack-file.ts';

/** The settings of a local stack. */
export interface StackOptions {
  /** The gateway's port; the other servers use the next four. 0 selects free ports. */
  port: number;
  /** The state folder. */
  data: string;
  /** The base URL of a Budgea API to use instead of the sandbox, with `/2.0`. */
  upstream?: string | undefined;
  /** An AWS-compatible endpoint to use instead of the local servers. */
  awsEndpoint?: string | undefined;
  intervals?: Intervals;
  /** The requests that each of the gateway's routes accepts; unlimited by default. */
  throttling?: Throttling | undefined;
}

/** A running stack. */
export interface RunningStack {
  file: StackFile;
  /** The error of minting the manage JWT, if any: calls signed with it are answered 503. */
  manageTokenError: unknown;
  /** Waits for the running calls, stops every server and deletes `stack.json`. Never rejects. */
  close(): Promise<void>;
}

/** The certificate types of the sandbox, which the gateway caches. */
const certificateTypes = ['qwac', 'qseal'];

/**
 * Starts the gateway and its servers on this machine, and writes `stack.json` when all of them are ready. A process can run one stack: it
 * sets the environment of the functions. Throws UnsafeFolder, or StartFailure after stopping what had started.
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
  const operatorConsole = openConsole({ sandbox: upstream === undefined, aws: awsEndpoint === undefined });
  await removeStale(stackFile);
  try {
    const aws = awsEndpoint === undefined ? await startAws() : { secretsManager: awsEndpoint, dynamodb: awsEndpoint };
    useLocal(aws);
    // These modules create AWS clients, which read their endpoints from the environment.
    const { createTable } = await import('./table.ts');
    const { prepareContract, prepareManageToken } = await import('./secrets.ts');
    const { prepareDemoPartners } = await import('./demo-partners.ts');
    const { loadRoutes } = await import('./routes.ts');

    const [routes, contract] = await Promise.all([loadRoutes(), prepareContract(), createTable()]);
    const { extraRoutes } = operatorConsole;
    const api = await servers.start('gateway', 0, (at) =>
      startApiGateway({ port: at, routes: operatorConsole.watch(routes), extraRoutes, throttling }),
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
              onCall: (call) => operatorConsole.upstream(call),
              onControl: () => operatorConsole.changed('sandbox'),
            }),
          )
        : undefined;
    const budgea = upstream ?? sandbox?.url ?? '';
    useSettings({ budgea, gateway, certificateTypes, rotationMinutes: intervals.rotate / 60_000 });
    const demoApp = await servers.start('demo application', 4, (at) => startDemoApp({ port: at, gateway }));
    const [partners, manageTokenError] = await Promise.all([
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
    operatorConsole.ready(file);
    return {
      file,
      manageTokenError,
      async close() {
        await rm(stackFile, { force: true });
        await servers.close();
        operatorConsole.close();
      },
    };
  } catch (error) {
    await servers.close();
    operatorConsole.close();
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
          onChange: () => operatorConsole.changed('secrets'),
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
          onWrite: () => operatorConsole.changed('table'),
        }),
      ),
    ]);
    return { secretsManager: secrets.url, dynamodb: table.url, aws };
  }
}
