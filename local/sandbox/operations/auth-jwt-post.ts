import { forbidden, isSignedByClient, rejectPartialCredentials, requireCaller } from '../authorization.ts';
import type { Budgea } from '../budgea.ts';
import { BudgeaError } from '../errors.ts';
import { type Call, flag, integer, type Operation, text } from '../call.ts';
import { HALF_AN_HOUR } from '../state/settings.ts';

/** `POST /auth/jwt`: mints a JWT of a user, for half an hour unless `expire` is false; creates a user without `id_user`. */
export const authJwtPost: Operation = async (budgea, call) => {
  await authorize(budgea, call);

  const scope = text(call.body, 'scope') ?? '';
  const expires = flag(call.body, 'expire') ?? true;
  const idUser = integer(call.body, 'id_user');
  if (idUser !== undefined && budgea.users.find(idUser) === undefined) {
    throw new BudgeaError('notFound', 'There is no such user');
  }

  const id_user = idUser ?? (await budgea.users.create('permanent')).id;
  const claims = { type: 'sharedAccess', scope, id_user, iss: budgea.contract.clientId } as const;
  return { status: 200, body: await budgea.jwts.issue(claims, expires ? HALF_AN_HOUR / 60 : 0) };
};

async function authorize(budgea: Budgea, call: Call): Promise<void> {
  if (isSignedByClient(budgea, call)) return;
  if (call.authorization === undefined) rejectPartialCredentials(call);
  const caller = await requireCaller(budgea, call);
  if (caller.kind === 'user') throw forbidden('This needs client credentials or a manage token');
}
