import type { Budgea } from '../budgea.ts';
import { isSignedByClient, requireWhitelisted } from '../authorization.ts';
import { BudgeaError } from '../errors.ts';
import { type Call, type Operation, requiredText, text } from '../call.ts';

const UNSUPPORTED = 'The only grant_type is authorization_code';

/** `POST /auth/token/access`: exchanges a code, or a temporary user token, for a permanent token. */
export const authTokenAccessPost: Operation = async (budgea, call) => {
  requireClient(budgea, call);
  const grant = text(call.body, 'grant_type') ?? 'authorization_code';
  if (grant !== 'authorization_code') throw new BudgeaError('invalidValue', UNSUPPORTED, 'unsupported_grant_type');
  const code = requiredText(call.body, 'code');
  const redirectUri = text(call.body, 'redirect_uri');
  if (redirectUri !== undefined) requireWhitelisted(budgea, redirectUri);

  const idUser = await budgea.codes.redeem(code, redirectUri);
  if (idUser === undefined) throw new BudgeaError('invalidCode', 'The code is invalid, has expired or was used');
  const access_token = await budgea.tokens.issuePermanent(idUser);
  return { status: 200, body: { access_token, token_type: 'Bearer' } };
};

function requireClient(budgea: Budgea, call: Call): void {
  if (isSignedByClient(budgea, call)) return;
  requiredText(call.body, 'client_id');
  requiredText(call.body, 'client_secret');
}
