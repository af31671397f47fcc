import type { EnvironmentSettings } from '#infra/settings.ts';
import { lazy } from '#lib/lazy.ts';
import { basePath, type SecretName } from '#lib/operations/table.ts';
import { CliError } from '../cli-error.ts';
import { environmentSettings, findBudgea, type Budgea } from '../secrets/budgea.ts';
import { readState, type SecretState } from '../secrets/state.ts';
import type { Session } from '../session.ts';
import { readStack, startCommand, type Target } from '../target.ts';
import { readStacks, type Stacks } from './stacks.ts';

/** The options that override addresses. */
export interface ContextOptions {
  budgeaUrl?: string;
  gatewayUrl?: string;
}

/** The gateway that the checks examine; what several checks need is fetched once. */
export interface Context {
  environment: string;
  target: Target;
  isDeployed: boolean;
  /** Returns the full command line of a command for the same gateway. */
  commandLine: (command: string) => string;
  /** The advice if a resource is missing. */
  remedy: string;
  /** The settings of a deployed environment in `infra/environments.ts`. */
  settings: EnvironmentSettings | undefined;
  certificates: { types: readonly string[]; hours: number };
  /** The Budgea behind the gateway. Throws CliError if its address is not known. */
  budgea: () => Promise<Budgea>;
  /** The gateway's base URL, `/2.0` included. Throws CliError if it is not known, and CloudFormation's errors. */
  gateway: () => Promise<string>;
  /** Undefined if the secret does not exist. Throws the service's errors. */
  secret(name: SecretName): Promise<SecretState | undefined>;
  /** The stacks of a deployed environment. Throws CloudFormation's errors. */
  stacks: () => Promise<Stacks>;
}

/** The default interval between two fetches of the certificates, also on the local stack. */
const defaultHours = 6;

/** Creates the context for the session's target, which must be connected. */
export async function createContext(session: Session, { budgeaUrl, gatewayUrl }: ContextOptions): Promise<Context> {
  const target = session.target();
  const { environment, folder, option } = target;
  const stack = folder === undefined ? undefined : await readStack(folder, option);
  const settings = folder === undefined ? await environmentSettings(environment) : undefined;
  const stacks = lazy(() => readStacks(environment));
  const states = new Map<SecretName, Promise<SecretState | undefined>>();
  return {
    environment,
    target,
    isDeployed: stack === undefined,
    settings,
    commandLine: session.commandLine,
    remedy: stack
      ? `Start the local stack again: "${startCommand(option)}".`
      : `Deploy the environment: "npm run deploy -- ${environment}".`,
    certificates: {
      types: stack?.certificate_types ?? settings?.certificateTypes ?? [],
      hours: settings?.fetchCertificatesHours ?? defaultHours,
    },
    stacks,
    budgea: lazy(() => findBudgea(session, budgeaUrl)),
    gateway: lazy(async () => {
      const url = gatewayUrl ?? (stack ? stack.gateway : await deployedUrl(settings, stacks));
      if (url !== undefined) return url;
      throw new CliError(
        stack
          ? 'stack.json has no address of the gateway. Start the stack again.'
          : 'No deployed stack has the address of the gateway.',
      );
    }),
    secret(name) {
      const state = states.get(name) ?? readState(environment, name);
      states.set(name, state);
      return state;
    },
  };
}

async function deployedUrl(
  settings: EnvironmentSettings | undefined,
  stacks: Context['stacks'],
): Promise<string | undefined> {
  if (settings?.domain !== undefined) return `https://${settings.domain.name}${basePath}`;
  return (await stacks()).gateway?.outputs['GatewayUrl'];
}
