import { requireUser } from '../authorization.ts';
import type { Operation } from '../call.ts';

/** `DELETE /auth/token`: revokes the token of the call, which cannot be a manage token. */
export const authTokenDelete: Operation = async (budgea, call) => {
  const user = await requireUser(budgea, call);
  await user.revoke();
  return { status: 204 };
};
