import type { Store } from '../store.ts';
import { openCertificates } from './state/certificates.ts';
import { openCodes } from './state/codes.ts';
import { openConnections, openVisits } from './state/connections.ts';
import { openContract, type ContractOptions } from './state/contract.ts';
import { openJwts } from './state/jwts.ts';
import { openClock, openIds } from './state/settings.ts';
import { openUsers, openUserTokens } from './state/users.ts';

/** The configuration of a Budgea contract. */
export interface BudgeaOptions extends ContractOptions {
  redirectUris: readonly string[];
  certificateTypes: readonly string[];
}

/** The state that an operation uses. */
export type Budgea = Awaited<ReturnType<typeof openBudgea>>;

/** Opens the state in `store`, and deletes what has expired. `origin` returns `scheme://host:port` of the server. */
export async function openBudgea(store: Store, options: BudgeaOptions, origin: () => string) {
  const settings = store.table<unknown>('settings');
  const nextId = openIds(settings);
  const clock = openClock(settings);
  const users = await openUsers(store.table('users'), clock, nextId);
  const tokens = await openUserTokens(store.table('user-tokens'), clock, users);
  const audience = () => new URL(origin()).host;
  return {
    clock,
    contract: await openContract(store.table('rotations'), options),
    users,
    tokens,
    jwts: await openJwts(store.table('jwts'), { settings, clock, users, audience }),
    codes: await openCodes(store.table('codes'), { clock, users, tokens }),
    connections: openConnections(store.table('connections'), clock, nextId),
    certificates: await openCertificates(store.table('certificates'), {
      types: options.certificateTypes,
      clock,
      nextId,
    }),
    visits: await openVisits(store.table('webauth-sessions'), clock, users),
    redirectUris: options.redirectUris,
    origin,
  };
}
