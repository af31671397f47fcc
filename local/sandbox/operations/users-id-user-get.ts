import { type Operation, text } from '../call.ts';
import { targetOf } from '../authorization.ts';

/** `GET /users/{id_user}`: returns a user, or `{users}` for `all`; `expand=connections` adds the connections. */
export const usersIdUserGet: Operation = async (budgea, call) => {
  const target = await targetOf(budgea, call);
  const expansions = text(call.query, 'expand')?.split(',') ?? [];
  const view = (id: number) => {
    const connections = expansions.includes('connections') ? { connections: budgea.connections.ofUser(id) } : {};
    return { ...budgea.users.find(id), ...connections };
  };
  return {
    status: 200,
    body: target === 'all' ? { users: budgea.users.all().map(({ id }) => view(id)) } : view(target.id),
  };
};
