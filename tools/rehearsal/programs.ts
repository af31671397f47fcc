import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Credentials } from './identities.ts';
import { run } from './run.ts';

/** The project's command lines, with nothing of the person's own AWS account in their environment. */
export interface Programs {
  /** The CDK's. */
  cdk(...args: string[]): Promise<string>;
  /** The project's synthesis of an environment, as `npm run synth` does it. */
  synth(environment: string, assembly: string): Promise<string>;
  /** The gateway's, for the environment, as somebody who has these credentials; `input` is its standard input. */
  gateway(who: Credentials, args: readonly string[], input?: string): Promise<string>;
  /** The account's own credentials, which may do anything. */
  owner: Credentials;
}

/** What the programs work with. */
export interface ProgramsOptions {
  environment: string;
  /** Stands for the person's home: nobody's AWS profile, nobody's CDK cache. */
  home: string;
  emulator: string;
  secretsManager: string;
  account: string;
  region: string;
  signal: AbortSignal;
}

const root = join(import.meta.dirname, '../..');
const cdkProgram = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

/** Makes them work on the emulator. */
export function openPrograms(options: ProgramsOptions): Programs {
  const { environment, home, emulator, secretsManager, account, region, signal } = options;
  // To the emulator, whoever presents an account's number is its owner.
  const owner = { accessKeyId: account, secretAccessKey: 'rehearsal' };
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    AWS_REGION: region,
    AWS_ENDPOINT_URL: emulator,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DEFAULT_ACCOUNT: account,
    CDK_DEFAULT_REGION: region,
  };
  const node = (args: readonly string[], input = '', who: Credentials = owner) =>
    run(process.execPath, args, { signal, env: { ...env, ...asVariables(who) }, input });
  return {
    cdk: (...args) => node([cdkProgram, '--no-notices', ...args]),
    synth: (name, assembly) => node([join(root, 'infra/cdk.ts'), 'synth', name, '--quiet', '--output', assembly]),
    gateway: (who, args, input) => node([join(root, 'cli/main.ts'), ...args, '--env', environment], input, who),
    owner,
  };
}

function asVariables({ accessKeyId, secretAccessKey }: Credentials): NodeJS.ProcessEnv {
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
}
