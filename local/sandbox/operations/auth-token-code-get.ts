import { requireUser } from '../authorization.ts';
import { invalid, type Operation, text } from '../call.ts';
import { HALF_AN_HOUR } from '../state/settings.ts';

/** `GET /auth/token/code`: creates a temporary code of the user; with `type=singleAccess`, one that works once. */
export const authTokenCodeGet: Operation = async (budgea, call) => {
  const { id_user } = await requireUser(budgea, call);
  const type = text(call.query, 'type') ?? 'requestAccess';
  if (type !== 'requestAccess' && type !== 'singleAccess') throw invalid('type');

  const access = type === 'singleAccess' ? 'single' : 'standard';
  const code = await budgea.codes.issue({ id_user, access });
  return { status: 200, body: { code, type: 'temporary', access, expires_in: HALF_AN_HOUR } };
};
