import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsManagerClient, type SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';
import {
  type RunningSecretsManager,
  type SecretsManagerOptions,
  startSecretsManager,
} from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';

/** A day in milliseconds. */
export const DAY = 86_400_000;
/** An hour in milliseconds. */
export const HOUR = 3_600_000;

/** Runs a server on a free port until the test ends. */
export async function start(options: Partial<SecretsManagerOptions> = {}): Promise<RunningSecretsManager> {
  const server = await startSecretsManager({ port: 0, accessKeyId: awsKey.accessKeyId, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** The unmodified SDK client, pointed at a server. */
export function clientOf(url: string, config: SecretsManagerClientConfig = {}): SecretsManagerClient {
  const client = new SecretsManagerClient({
    endpoint: url,
    region: 'eu-west-3',
    credentials: awsKey,
    maxAttempts: 1,
    ...config,
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** A server and a client of it. */
export async function startWithClient(options: Partial<SecretsManagerOptions> = {}) {
  const server = await start(options);
  return { server, client: clientOf(server.url) };
}

/** A clock that moves only when it is told to. */
export function makeClock() {
  let time = Date.UTC(2030, 0, 15, 12);
  return {
    now: () => time,
    advance: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

/** An empty folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'secrets-manager-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A version id that a test can recognise. */
export const id = (name: string): string => name.padEnd(32, '-');
