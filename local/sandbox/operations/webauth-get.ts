import type { Budgea } from '../budgea.ts';
import { BudgeaError } from '../errors.ts';
import { type Call, integer, type Operation, requiredText, text } from '../call.ts';
import { requireWhitelisted } from '../authorization.ts';
import type { Connection } from '../state/connections.ts';

/** `GET /webauth`: redirects the browser to the bank page. An error is a response, never a redirect. */
export const webauthGet: Operation = async (budgea, call) => {
  requireClientId(budgea, call);
  const redirect_uri = requiredText(call.query, 'redirect_uri');
  requireWhitelisted(budgea, redirect_uri);
  const state = call.query['state'] === '' ? '' : (text(call.query, 'state') ?? null);
  const id_connector = integer(call.query, 'id_connector') ?? null;
  const updated = connectionToUpdate(budgea, call);

  const id_user = (await userOfCode(budgea, call)) ?? updated?.id_user ?? null;
  if (updated !== undefined && updated.id_user !== id_user) throw noSuchConnection();

  const id_connection = updated?.id ?? null;
  const session = await budgea.visits.start({ redirect_uri, state, id_user, id_connector, id_connection });
  return { status: 307, location: `${budgea.origin()}/bank/${session.id}` };
};

function requireClientId(budgea: Budgea, { query }: Call): void {
  if (requiredText(query, 'client_id') !== String(budgea.contract.clientId)) {
    throw new BudgeaError('invalidClient', 'The client is unknown');
  }
}

function connectionToUpdate(budgea: Budgea, { query }: Call): Connection | undefined {
  const id = integer(query, 'id_connection');
  if (id === undefined) return undefined;
  const connection = budgea.connections.find(id);
  if (connection === undefined || budgea.users.find(connection.id_user) === undefined) throw noSuchConnection();
  return connection;
}

async function userOfCode(budgea: Budgea, { query }: Call): Promise<number | undefined> {
  const code = text(query, 'token');
  if (code === undefined) return undefined;
  const user = await budgea.codes.redeem(code);
  if (user === undefined) throw new BudgeaError('invalidCode', 'The token is invalid, has expired or was used');
  return user;
}

function noSuchConnection(): BudgeaError {
  return new BudgeaError('notFound', 'There is no such connection');
}
