import type { Budgea } from './budgea.ts';
import { BudgeaError } from './errors.ts';
import type { Call } from './operation.ts';

/** Whoever a token stands for. */
export type Caller =
  | { kind: 'admin' }
  | { kind: 'manage'; scopes: readonly string[] }
  | { kind: 'user'; id_user: number; revoke: () => Promise<void> };

/** The caller that `Authorization: Bearer <token>` (or `OAuth <token>`) names, if there is such a header. Throws `invalidToken`. */
export async function callerOf(budgea: Budgea, call: Call): Promise<Caller | undefined> {
  const token = /^(?:bearer|oauth) +(\S+) *$/i.exec(call.authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  const caller = await identify(budgea, token);
  if (caller === undefined) throw new BudgeaError('invalidToken', 'The token is invalid or has expired');
  return caller;
}

/** As `callerOf`, but throws `unauthorized` when nobody is named. */
export async function requireCaller(budgea: Budgea, call: Call): Promise<Caller> {
  const caller = await callerOf(budgea, call);
  if (caller === undefined) throw new BudgeaError('unauthorized', 'A token is required');
  return caller;
}

/** The user that the token belongs to. Throws `forbidden` for a manage token, which is nobody's. */
export async function requireUser(budgea: Budgea, call: Call) {
  const caller = await requireCaller(budgea, call);
  if (caller.kind !== 'user') throw forbidden('This needs the token of a user');
  return caller;
}

/** A refusal of a known caller who lacks the right. */
export function forbidden(description: string): BudgeaError {
  return new BudgeaError('forbidden', description);
}

async function identify(budgea: Budgea, token: string): Promise<Caller | undefined> {
  if (budgea.contract.isAdminToken(token)) return { kind: 'admin' };
  const opaque = budgea.tokens.find(token);
  if (opaque !== undefined) {
    return { kind: 'user', id_user: opaque.id_user, revoke: () => budgea.tokens.revoke(token) };
  }
  const jwt = await budgea.jwts.find(token);
  if (jwt === undefined) return undefined;
  if (jwt.claims.type === 'manage_token') return { kind: 'manage', scopes: jwt.claims.scope.split(' ') };
  return { kind: 'user', id_user: jwt.claims.id_user, revoke: () => budgea.jwts.revoke(jwt.jti) };
}
