import { readFile } from 'node:fs/promises';
import { connect as connectTo } from 'node:net';
import { join } from 'node:path';
import { useDeployed, useLocal, type AwsAddresses } from '#lib/config/process-env.ts';
import { Refusal } from './refusal.ts';

/** The gateway that a command is for. */
export interface Target {
  environment: string;
  /** The state folder of a local stack. */
  folder?: string;
  /** What names it on a command line, with a space before; empty for the default. */
  option: string;
}

/** Points this process at the target. Throws Refusal when it is a local stack that does not run. */
export async function connect(target: Target): Promise<void> {
  const { useItemClient } = await import('#lib/aws/table.ts');
  useItemClient(async (...call) => (await import('#lib/aws/sdk-dynamodb.ts')).callBySdk(...call));
  if (target.folder === undefined) return useDeployed(target.environment);
  const addresses = await readStack(target.folder, target.option);
  const answering = await Promise.all([answers(addresses.secretsManager), answers(addresses.dynamodb)]);
  if (answering.includes(false)) throw new Refusal(notAnswering(target));
  useLocal(addresses);
}

/** What to do about a local stack whose servers are gone. */
export function notAnswering({ folder, option }: Target): string {
  return `The local stack of ${folder} does not answer any more. Start it again with "npm start${startOption(option)}".`;
}

/** What a command reads of `stack.json`. */
export interface Stack extends AwsAddresses {
  /** The Budgea behind the gateway, `/2.0` included: the sandbox, or another one. */
  sandbox?: string | undefined;
  upstream?: string | undefined;
  /** `/2.0` included. */
  gateway?: string | undefined;
  certificate_types?: readonly string[] | undefined;
}

/** What `stack.json` in a local stack's state folder says. Throws Refusal when there is none. */
export async function readStack(folder: string, option: string): Promise<Stack> {
  const file = join(folder, 'stack.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Refusal(
      `No local stack runs on ${folder}: start one with "npm start${startOption(option)}" and leave it running, or name another state folder with --data or a deployed environment with --env.`,
    );
  });
  try {
    const { secretsManager, dynamodb, ...others } = JSON.parse(text) as Partial<Stack>;
    return { ...others, secretsManager: originOf(secretsManager), dynamodb: originOf(dynamodb) };
  } catch {
    throw new Refusal(`${file} is not what a local stack writes. Start the stack again.`);
  }
}

function originOf(address: string | undefined): string {
  return new URL(String(address)).origin;
}

function startOption(option: string): string {
  return option === '' ? '' : ` --${option}`;
}

/** Whether something accepts connections at the address, asked for two seconds at most. */
function answers(address: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(address);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connectTo(Number(port) || (protocol === 'https:' ? 443 : 80), hostname.replace(/^\[|\]$/g, ''));
  const settle = (answering: boolean) => () => {
    socket.destroy();
    resolve(answering);
  };
  socket.setTimeout(2_000, settle(false)).once('connect', settle(true)).once('error', settle(false));
  return promise;
}
