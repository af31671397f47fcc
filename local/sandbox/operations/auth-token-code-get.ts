import { requireUser } from '../callers.ts';
import type { Operation } from '../operation.ts';
import { invalid, text } from '../parameters.ts';
import { HALF_AN_HOUR } from '../state/clock.ts';

/** `GET /auth/token/code`: makes a temporary code for the user; `type=singleAccess` for one that works once. */
export const authTokenCodeGet: Operation = async (budgea, call) => {
  const { id_user } = await requireUser(budgea, call);
  const type = text(call.query, 'type') ?? 'requestAccess';
  if (type !== 'requestAccess' && type !== 'singleAccess') throw invalid('type');

  const access = type === 'singleAccess' ? 'single' : 'standard';
  const code = await budgea.codes.issue({ id_user, access });
  return { status: 200, body: { code, type: 'temporary', access, expires_in: HALF_AN_HOUR } };
};
