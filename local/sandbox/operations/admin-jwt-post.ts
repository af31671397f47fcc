import { forbidden, requireCaller } from '../authorization.ts';
import { integer, invalid, type Operation, text } from '../call.ts';

const SCOPES = /^[\w:.-]{1,64}( [\w:.-]{1,64})*$/;

/** `POST /admin/jwt`: mints a manage JWT, only for the admin token. */
export const adminJwtPost: Operation = async (budgea, call) => {
  const caller = await requireCaller(budgea, call);
  if (caller.kind !== 'admin') throw forbidden('This needs an admin manage token');

  const scope = text(call.body, 'scope') ?? 'config';
  const minutes = integer(call.body, 'duration') ?? 1;
  if (!SCOPES.test(scope)) throw invalid('scope');

  return { status: 200, body: await budgea.jwts.issue({ type: 'manage_token', scope }, minutes) };
};
