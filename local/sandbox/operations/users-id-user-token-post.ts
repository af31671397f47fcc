import { invalid, type Operation, requiredText } from '../call.ts';
import { targetOf } from '../authorization.ts';

/** `POST /users/{id_user}/token`: creates a permanent token of a user for an application. */
export const usersIdUserTokenPost: Operation = async (budgea, call) => {
  const target = await targetOf(budgea, call);
  requiredText(call.body, 'application');
  if (target === 'all') throw invalid('id_user');
  return { status: 200, body: { token: await budgea.tokens.issuePermanent(target.id) } };
};
