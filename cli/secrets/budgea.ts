import { InvalidArgumentError, Option } from 'commander';
import { isLoopback } from '#lib/loopback.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { readStack } from '../target.ts';

/** The Budgea behind a gateway. */
export interface Budgea {
  /** `/2.0` included. */
  url: string;
  /** The scope of the manage JWTs that the gateway's rotation mints there. */
  scope: string;
  /** Whether it is a local stack's sandbox. */
  sandbox: boolean;
}

/** Of a Budgea that is not an environment's own: as functions have it that are told nothing else. */
const defaultScope = 'users';

/** `--budgea-url`, for environments that `infra/environments.ts` does not describe. */
export function budgeaOption(): Option {
  return new Option('--budgea-url <url>', 'another Budgea than the environment’s, /2.0 included').argParser(budgeaUrl);
}

/** The Budgea of the session's target, or the one that `--budgea-url` names. Throws Refusal when nobody says which it is. */
export async function findBudgea(session: Session, given: string | undefined): Promise<Budgea> {
  if (given !== undefined) return { url: given, scope: defaultScope, sandbox: false };
  const { environment, folder, option } = session.target();
  return folder === undefined ? deployedBudgea(environment) : localBudgea(folder, option);
}

async function deployedBudgea(environment: string): Promise<Budgea> {
  const { environments } = await import('#infra/environments.ts');
  const described = new Map(Object.entries(environments)).get(environment);
  if (described !== undefined) return { url: described.budgeaUrl, scope: described.manageScope, sandbox: false };
  throw new Refusal(
    `infra/environments.ts does not describe ${environment}: say with --budgea-url which Budgea it has.`,
  );
}

async function localBudgea(folder: string, option: string): Promise<Budgea> {
  const { sandbox, upstream } = await readStack(folder, option);
  const url = sandbox ?? upstream;
  if (url === undefined) throw new Refusal('stack.json does not say which Budgea the stack calls. Start it again.');
  return { url, scope: defaultScope, sandbox: sandbox !== undefined };
}

/** Secrets are sent there: in the clear only when they do not leave the machine. */
function budgeaUrl(text: string): string {
  const { protocol, hostname = '', search = '', hash = '', username = '', password = '' } = URL.parse(text) ?? {};
  const safe = protocol === 'https:' || (protocol === 'http:' && isLoopback({ hostname }));
  if (!safe || search + hash + username + password !== '')
    throw new InvalidArgumentError('It takes an https URL, such as https://example.biapi.pro/2.0.');
  return text;
}
