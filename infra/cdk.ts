import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Environment } from './environment.ts';

// `npm run deploy -- dev`: the CDK's command line for one environment. Everything else that it can do, `npm run cdk --` does.

const [command = '', name, ...options] = process.argv.slice(2);
try {
  const { environments } = await import('./environments.ts');
  const settings = new Map<string, Environment>(Object.entries(environments)).get(name ?? '');
  if (settings === undefined) throw new Error(`Name an environment: ${Object.keys(environments).join(', ')}.`);
  if (command === 'deploy') refuseExamples(settings);
  process.exitCode = await cdk(command, `${name}/*`, '--context', `environment=${name}`, ...options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

/** What a fresh clone says of the environments is nobody's. Throws for what still has to be replaced. */
function refuseExamples({ budgeaUrl, alarmEmail = '' }: Environment): void {
  const examples = [budgeaUrl, alarmEmail].filter((value) => /^https:\/\/example\b|@example\.com$/.test(value));
  if (examples.length === 0) return;
  throw new Error(`Say in infra/environments.ts what ${name} has in place of ${examples.join(' and ')}.`);
}

async function cdk(...args: string[]): Promise<number> {
  const program = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  const [code] = (await once(spawn(process.execPath, [program, ...args], { stdio: 'inherit' }), 'exit')) as [
    number | null,
  ];
  return code ?? 1;
}
