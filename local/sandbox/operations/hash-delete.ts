import { requireUser } from '../authorization.ts';
import type { Operation } from '../call.ts';

/** `DELETE /hash`: deletes all connections of the token's user. */
export const hashDelete: Operation = async (budgea, call) => {
  const { id_user } = await requireUser(budgea, call);
  await budgea.connections.removeOfUser(id_user);
  return { status: 204 };
};
