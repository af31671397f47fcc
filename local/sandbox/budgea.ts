import type { Store } from '../store.ts';
import { openCertificates, type Certificates } from './state/certificates.ts';
import { openClock, type Clock } from './state/clock.ts';
import { openCodes, type Codes } from './state/codes.ts';
import { openConnections, type Connections } from './state/connections.ts';
import { openContract, type Contract } from './state/contract.ts';
import { openIds } from './state/ids.ts';
import { openJwts, type Jwts } from './state/jwts.ts';
import { openSigningKey } from './state/signing-key.ts';
import { openUserTokens, type UserTokens } from './state/user-tokens.ts';
import { openUsers, type Users } from './state/users.ts';
import { openWebauthSessions, type WebauthSessions } from './state/webauth-sessions.ts';

/** What one Budgea contract is configured with. */
export interface BudgeaOptions {
  client: { client_id: number; client_secret: string };
  adminToken: string;
  redirectUris: readonly string[];
  certificateTypes: readonly string[];
}

/** Everything that an operation works with. */
export interface Budgea {
  clock: Clock;
  contract: Contract;
  users: Users;
  tokens: UserTokens;
  jwts: Jwts;
  codes: Codes;
  connections: Connections;
  certificates: Certificates;
  webauth: WebauthSessions;
  redirectUris: readonly string[];
  /** `scheme://host:port` of the server. */
  origin: () => string;
  /** Resolves when nothing more will be written unasked. */
  settled: () => Promise<unknown>;
}

/** Opens a Budgea on what `store` holds, without what expired since it was last open. */
export async function openBudgea(store: Store, options: BudgeaOptions, origin: () => string): Promise<Budgea> {
  const settings = store.table<unknown>('settings');
  const nextId = openIds(settings);
  const clock = openClock(settings);
  const key = openSigningKey(settings);
  const users = openUsers(store.table('users'), clock, nextId);
  const tokens = openUserTokens(store.table('user-tokens'), clock, users);
  const jwts = openJwts(store.table('jwts'), { clock, key, users, audience: () => new URL(origin()).host });
  const codes = openCodes(store.table('codes'), { clock, users, tokens });
  const webauth = openWebauthSessions(store.table('webauth-sessions'), clock, users);
  const certificates = await openCertificates(store.table('certificates'), {
    types: options.certificateTypes,
    clock,
    nextId,
  });
  for (const kept of [users, tokens, jwts, codes, webauth]) await kept.sweep();
  return {
    clock,
    contract: await openContract(store.table('rotations'), options),
    users,
    tokens,
    jwts,
    codes,
    connections: openConnections(store.table('connections'), clock, nextId),
    certificates,
    webauth,
    redirectUris: options.redirectUris,
    origin,
    settled: () => key.ready.catch(() => {}),
  };
}
