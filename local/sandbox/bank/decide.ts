import type { Budgea } from '../budgea.ts';
import type { WebauthSession } from '../state/webauth-sessions.ts';

/** Carries the person's decision out and gives the address to send the browser to. A visit is decided once. */
export async function decide(budgea: Budgea, visit: WebauthSession, decision: 'approve' | 'refuse'): Promise<string> {
  const result = decision === 'approve' ? await approve(budgea, visit) : REFUSED;
  // A missing state comes back as this text, as it has been seen to.
  const query = new URLSearchParams({ ...result, state: visit.state ?? 'null' });
  const location = `${visit.redirect_uri}?${query.toString()}`;
  await budgea.webauth.finish(visit, location);
  return location;
}

const REFUSED = { error: 'access_denied', error_description: 'The person refused at the bank' };

/** An anonymous visit makes a temporary user, whom the application keeps by exchanging the code that it is sent. */
async function approve(budgea: Budgea, visit: WebauthSession): Promise<Record<string, string>> {
  const renewed = visit.id_connection === null ? undefined : budgea.connections.find(visit.id_connection);
  if (renewed !== undefined) {
    await budgea.connections.refresh(renewed);
    return { id_connection: String(renewed.id) };
  }
  const id_user = visit.id_user ?? (await budgea.users.create('temporary', 'web')).id;
  const { id } = await budgea.connections.create({ id_user, id_connector: visit.id_connector });
  if (visit.id_user !== null) return { id_connection: String(id) };
  const code = await budgea.codes.issue({ id_user, access: 'single', redirect_uri: visit.redirect_uri });
  return { id_connection: String(id), code };
}
