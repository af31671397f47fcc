import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { EnvironmentSettings } from './settings.ts';

// `npm run deploy -- dev` runs the CDK's command line for one environment. `npm run cdk --` runs its other commands.

const [command = '', name = '', ...options] = process.argv.slice(2);
try {
  const { environments } = await import('./environments.ts');
  const settings = new Map<string, EnvironmentSettings>(Object.entries(environments)).get(name);
  if (settings === undefined) throw new Error(`Name an environment: ${Object.keys(environments).join(', ')}.`);
  if (command === 'deploy') rejectPlaceholders(settings);
  const program = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  const args = [program, command, `${name}/*`, '--context', `environment=${name}`, ...options];
  const [code] = (await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

/** Throws for settings that still have the values of a fresh clone. */
function rejectPlaceholders({ budgeaUrl, alarmEmail = '' }: EnvironmentSettings): void {
  const placeholders = [budgeaUrl, alarmEmail].filter((value) => /^https:\/\/example\b|@example\.com$/.test(value));
  if (placeholders.length === 0) return;
  throw new Error(`Replace ${placeholders.join(' and ')} of ${name} in infra/environments.ts.`);
}
