import type { Environment } from '#infra/environment.ts';
import { basePath, type SecretName } from '#lib/operations/table.ts';
import { Refusal } from '../refusal.ts';
import { findBudgea, type Budgea } from '../secrets/budgea.ts';
import type { SecretState } from '../secrets/state.ts';
import type { Session } from '../session.ts';
import { readStack, type Target } from '../target.ts';
import type { Account } from './account.ts';
import { once } from './once.ts';

/** What the command line says of the gateway that is examined. */
export interface SubjectOptions {
  budgeaUrl?: string;
  gatewayUrl?: string;
}

/** The gateway that is examined. What several checks look at is asked for once. */
export interface Subject {
  environment: string;
  target: Target;
  /** How to type another command for the same gateway. */
  toType: (command: string) => string;
  /** How what is missing altogether comes to be. */
  remedy: string;
  /** What `infra/environments.ts` says of a deployed environment. */
  settings: Environment | undefined;
  certificates: { types: readonly string[]; hours: number };
  /** The Budgea behind it. Throws Refusal when nobody says which it is. */
  budgea: () => Promise<Budgea>;
  /** Its own base URL, `/2.0` included. Throws Refusal when nobody says it, and CloudFormation's errors. */
  gateway: () => Promise<string>;
  /** Undefined when there is no such secret. Throws the service's errors. */
  secret(name: SecretName): Promise<SecretState | undefined>;
  /** The account of a deployed environment. */
  account: Account | undefined;
}

/** The session's target, which has to be connected. */
export async function subjectOf(session: Session, options: SubjectOptions): Promise<Subject> {
  const { readState } = await import('../secrets/state.ts');
  const target = session.target();
  const { environment } = target;
  const states = new Map<SecretName, Promise<SecretState | undefined>>();
  return {
    environment,
    target,
    toType: (command) => session.toType(command),
    budgea: once(() => findBudgea(session, options.budgeaUrl)),
    secret(name) {
      const state = states.get(name) ?? readState(environment, name);
      states.set(name, state);
      return state;
    },
    ...(target.folder === undefined
      ? await deployed(environment, options)
      : await local(target.folder, target.option, options)),
  };
}

type Particular = Pick<Subject, 'remedy' | 'settings' | 'certificates' | 'gateway' | 'account'>;

/** The sandbox and the local schedules keep to the intervals of a deployment. */
const usualHours = 6;

async function local(folder: string, option: string, { gatewayUrl }: SubjectOptions): Promise<Particular> {
  const { gateway, certificate_types: types = [] } = await readStack(folder, option);
  return {
    remedy: `Start the local stack again: "npm start${option === '' ? '' : ` --${option}`}".`,
    settings: undefined,
    certificates: { types, hours: usualHours },
    account: undefined,
    async gateway() {
      const url = gatewayUrl ?? gateway;
      if (url === undefined) throw new Refusal('stack.json does not say where the gateway answers. Start it again.');
      return url;
    },
  };
}

async function deployed(environment: string, { gatewayUrl }: SubjectOptions): Promise<Particular> {
  const { environments } = await import('#infra/environments.ts');
  const { openAccount } = await import('./account.ts');
  const settings = new Map<string, Environment>(Object.entries(environments)).get(environment);
  const account = openAccount(environment);
  return {
    remedy: `Deploy the environment: "npm run deploy -- ${environment}".`,
    settings,
    certificates: { types: settings?.certificateTypes ?? [], hours: settings?.fetchCertificatesHours ?? usualHours },
    account,
    gateway: once(async () => {
      if (gatewayUrl !== undefined) return gatewayUrl;
      if (settings?.domain !== undefined) return `https://${settings.domain.name}${basePath}`;
      const url = (await account.stacks()).gateway?.outputs['GatewayUrl'];
      if (url === undefined) throw new Refusal('No deployed stack says where the gateway answers.');
      return url;
    }),
  };
}
