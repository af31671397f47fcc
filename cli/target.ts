import { readFile } from 'node:fs/promises';
import { connect as connectTo } from 'node:net';
import { join } from 'node:path';
import { useDeployed, useLocal, type AwsAddresses } from '#lib/config/process-env.ts';
import { CliError } from './cli-error.ts';

/** The gateway that a command acts on. */
export interface Target {
  environment: string;
  /** The state folder of a local stack. */
  folder?: string;
  /** The option that selects it on a command line, with a leading space; empty for the default. */
  option: string;
}

/** Configures this process for the target. Throws CliError if it is a local stack that does not run. */
export async function connect(target: Target): Promise<void> {
  const { useItemClient } = await import('#lib/aws/table.ts');
  useItemClient(async (...call) => (await import('#lib/aws/sdk-dynamodb.ts')).callBySdk(...call));
  if (target.folder === undefined) return useDeployed(target.environment);
  const addresses = await readStack(target.folder, target.option);
  const answering = await Promise.all([answers(addresses.secretsManager), answers(addresses.dynamodb)]);
  if (answering.includes(false)) throw new CliError(notAnswering(target));
  useLocal(addresses);
}

/** The message for a local stack whose servers do not answer. */
export function notAnswering({ folder, option }: Target): string {
  return `The local stack in ${folder} no longer answers. Start it again with "${startCommand(option)}".`;
}

/** The message for a resource that does not exist at the target. */
export function missing(resource: string, { folder }: Target): string {
  return folder === undefined
    ? `There is no ${resource} in this account and region. Deploy the environment first, or check --env, AWS_PROFILE and AWS_REGION.`
    : `The local stack in ${folder} has no ${resource} yet. Wait until it has started.`;
}

/** The fields of `stack.json` that commands read. */
export interface Stack extends AwsAddresses {
  /** The Budgea behind the gateway, `/2.0` included: the sandbox, or another one. */
  sandbox?: string | undefined;
  upstream?: string | undefined;
  /** `/2.0` included. */
  gateway?: string | undefined;
  certificate_types?: readonly string[] | undefined;
}

/** Reads `stack.json` from the state folder of a local stack. Throws CliError if it is missing or invalid. */
export async function readStack(folder: string, option: string): Promise<Stack> {
  const file = join(folder, 'stack.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CliError(
      `No local stack runs in ${folder}: start one with "${startCommand(option)}" and leave it running, or name another state folder with --data or a deployed environment with --env.`,
    );
  });
  try {
    const { secretsManager, dynamodb, ...others } = JSON.parse(text) as Partial<Stack>;
    return { ...others, secretsManager: originOf(secretsManager), dynamodb: originOf(dynamodb) };
  } catch {
    throw new CliError(`${file} is not a valid stack file. Start the stack again.`);
  }
}

function originOf(address: string | undefined): string {
  return new URL(String(address)).origin;
}

/** Returns the command that starts the local stack. */
export function startCommand(option: string): string {
  return option === '' ? 'npm start' : `npm start --${option}`;
}

/** Whether a server accepts connections at the address within two seconds. */
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
