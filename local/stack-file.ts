import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AwsAddresses } from '#lib/config/process-env.ts';
import type { DemoPartners } from './demo-partners.ts';

/** The files and folders that a stack writes in its state folder. */
export const stateFiles = [
  'stack.json',
  'aws-key.json',
  'demo-partners.json',
  'secrets-manager',
  'dynamodb',
  'sandbox',
];

/** The content of `stack.json`. */
export interface StackFile extends AwsAddresses, DemoPartners {
  /** With `/2.0`. */
  gateway: string;
  /** With `/2.0`; absent with another Budgea. */
  sandbox?: string;
  /** The other Budgea, with `/2.0`. */
  upstream?: string;
  /** The application of `partner`. */
  demoApp: string;
  certificate_types: string[];
}

/** Deletes the `stack.json` of a stack that crashed; the file of a running stack stays. */
export async function removeStale(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined && !(await isRunning(text))) await rm(file, { force: true });
}

async function isRunning(text: string): Promise<boolean> {
  try {
    const { gateway = '' } = JSON.parse(text) as Partial<StackFile>;
    const { hostname, port } = new URL(gateway);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect').finally(() => socket.destroy());
    return true;
  } catch {
    return false;
  }
}
