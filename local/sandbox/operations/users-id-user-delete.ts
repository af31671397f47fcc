import type { Budgea } from '../budgea.ts';
import type { Operation } from '../call.ts';
import type { User } from '../state/users.ts';
import { targetOf } from '../authorization.ts';

/** `DELETE /users/{id_user}`: deletes a user, or every user for `all`, with its tokens, codes and connections. */
export const usersIdUserDelete: Operation = async (budgea, call) => {
  const target = await targetOf(budgea, call);
  if (target !== 'all') {
    await remove(budgea, target);
    return { status: 200, body: target };
  }
  const users = budgea.users.all();
  for (const user of users) await remove(budgea, user);
  return { status: 200, body: { users } };
};

async function remove(budgea: Budgea, { id }: User): Promise<void> {
  await budgea.users.remove(id);
  await budgea.connections.removeOfUser(id);
}
