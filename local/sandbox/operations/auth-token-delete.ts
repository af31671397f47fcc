import { requireUser } from '../callers.ts';
import type { Operation } from '../operation.ts';

/** `DELETE /auth/token`: revokes the token in use. A manage token cannot be revoked here. */
export const authTokenDelete: Operation = async (budgea, call) => {
  const user = await requireUser(budgea, call);
  await user.revoke();
  return { status: 204 };
};
