import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AwsAddresses } from '#lib/config/process-env.ts';
import type { DemoPartners } from './demo-partners.ts';

/** Everything that a stack keeps in its state folder. */
export const stateFiles = [
  'stack.json',
  'aws-key.json',
  'demo-partners.json',
  'secrets-manager',
  'dynamodb',
  'sandbox',
];

/** What `stack.json` says; there is no sandbox when another Budgea stands behind the gateway. */
export interface StackFile extends AwsAddresses, DemoPartners {
  /** `/2.0` included. */
  gateway: string;
  /** `/2.0` included. */
  sandbox?: string;
  /** The other Budgea, `/2.0` included. */
  upstream?: string;
  /** The application of `partner`. */
  demoApp: string;
  certificate_types: string[];
}

/** Removes what a stack left behind that did not stop in order; the file of one that still answers stays. */
export async function removeStale(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined && !(await answers(text))) await rm(file, { force: true });
}

function answers(text: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  try {
    const { gateway } = JSON.parse(text) as Partial<StackFile>;
    const { hostname, port } = new URL(gateway ?? '');
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    return promise.finally(() => socket.destroy());
  } catch {
    return Promise.resolve(false);
  }
}
