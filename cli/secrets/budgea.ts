import { InvalidArgumentError, Option } from 'commander';
import type { EnvironmentSettings } from '#infra/settings.ts';
import { isLoopback } from '#lib/loopback.ts';
import { CliError } from '../cli-error.ts';
import type { Session } from '../session.ts';
import { readStack } from '../target.ts';

/** The Budgea API behind a gateway. */
export interface Budgea {
  /** The base URL, `/2.0` included. */
  url: string;
  /** The scope of the manage JWTs that the rotation mints. */
  scope: string;
  /** Whether it is the sandbox of a local stack. */
  sandbox: boolean;
}

/** The default of the functions' setting. */
const defaultScope = 'users';

/** `--budgea-url`, for environments that `infra/environments.ts` does not describe. */
export function budgeaOption(): Option {
  return new Option('--budgea-url <url>', 'Base URL of Budgea, /2.0 included, in place of the environment’s').argParser(
    budgeaUrl,
  );
}

/** Returns the Budgea behind the session's target, or at `url` if passed. Throws CliError if its address is not known. */
export async function findBudgea(session: Session, url: string | undefined): Promise<Budgea> {
  if (url !== undefined) return { url, scope: defaultScope, sandbox: false };
  const { environment, folder, option } = session.target();
  return folder === undefined ? deployedBudgea(environment) : localBudgea(folder, option);
}

/** Returns the settings of an environment; undefined if `infra/environments.ts` does not describe it. */
export async function environmentSettings(environment: string): Promise<EnvironmentSettings | undefined> {
  const { environments } = await import('#infra/environments.ts');
  return new Map<string, EnvironmentSettings>(Object.entries(environments)).get(environment);
}

async function deployedBudgea(environment: string): Promise<Budgea> {
  const settings = await environmentSettings(environment);
  if (settings !== undefined) return { url: settings.budgeaUrl, scope: settings.manageScope, sandbox: false };
  throw new CliError(`infra/environments.ts does not describe ${environment}: pass the address with --budgea-url.`);
}

async function localBudgea(folder: string, option: string): Promise<Budgea> {
  const { sandbox, upstream } = await readStack(folder, option);
  const url = sandbox ?? upstream;
  if (url === undefined) throw new CliError('stack.json has no address of Budgea. Start the stack again.');
  return { url, scope: defaultScope, sandbox: sandbox !== undefined };
}

/** Secrets are sent to this URL: unencrypted only if they do not leave the machine. */
function budgeaUrl(text: string): string {
  const { protocol, hostname = '', search = '', hash = '', username = '', password = '' } = URL.parse(text) ?? {};
  const safe = protocol === 'https:' || (protocol === 'http:' && isLoopback({ hostname }));
  if (!safe || search + hash + username + password !== '')
    throw new InvalidArgumentError('Expected an https URL, such as https://example.biapi.pro/2.0.');
  return text;
}
