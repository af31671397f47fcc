import type { Operation } from '../operation.ts';
import { invalid, requiredText } from '../parameters.ts';
import { targetOf } from '../target-user.ts';

/** `POST /users/{id_user}/token`: makes a permanent token of one user for an application. */
export const usersIdUserTokenPost: Operation = async (budgea, call) => {
  const target = await targetOf(budgea, call);
  requiredText(call.body, 'application');
  if (target === 'all') throw invalid('id_user');
  return { status: 200, body: { token: await budgea.tokens.issuePermanent(target.id) } };
};
