import type { Budgea } from './budgea.ts';
import { forbidden, requireCaller, type Caller } from './callers.ts';
import { BudgeaError } from './errors.ts';
import type { Call } from './operation.ts';
import { invalid, requiredText } from './parameters.ts';
import type { User } from './state/users.ts';

/**
 * The user that `/users/{id_user}` names, once the caller may reach it: a user's token reaches its own user, a manage
 * token with the scope `users` any other, the admin token too. Throws `forbidden` before it tells whether there is one.
 */
export async function targetOf(budgea: Budgea, call: Call): Promise<User | 'all'> {
  const caller = await requireCaller(budgea, call);
  const named = requiredText(call.path, 'id_user');
  if (named === 'all') {
    requireUsersRight(caller);
    return 'all';
  }
  const id = named === 'me' ? ownId(caller) : numericId(named);
  if (caller.kind !== 'user') requireUsersRight(caller);
  else if (caller.id_user !== id) throw forbidden('The token belongs to another user');

  const user = budgea.users.find(id);
  if (user === undefined) throw new BudgeaError('notFound', 'There is no such user');
  return user;
}

function ownId(caller: Caller): number {
  if (caller.kind !== 'user') throw forbidden('A manage token belongs to no user');
  return caller.id_user;
}

function numericId(named: string): number {
  if (!/^[1-9][0-9]{0,17}$/.test(named)) throw invalid('id_user');
  return Number(named);
}

function requireUsersRight(caller: Caller): void {
  if (caller.kind === 'admin') return;
  if (caller.kind === 'manage' && caller.scopes.includes('users')) return;
  throw forbidden('This needs a manage token with the scope users');
}
