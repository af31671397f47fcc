import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Budgea } from '../budgea.ts';
import { invalid, requiredText } from '../parameters.ts';
import { bodyOf } from '../http/bodies.ts';
import type { WebauthSession } from '../state/webauth-sessions.ts';
import { decisionPage, overPage } from './pages.ts';

/** The bank's side of webauth: a page where a person approves or refuses, and the way home. */
export function serveBank(app: FastifyInstance, budgea: Budgea): void {
  const sessionOf = (request: FastifyRequest<{ Params: { session: string } }>) =>
    budgea.webauth.find(request.params.session);

  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    reply.header('referrer-policy', 'no-referrer');
  });

  app.get<{ Params: { session: string } }>('/:session', async (request, reply) => {
    const session = sessionOf(request);
    const page = session === undefined ? overPage() : decisionPage(session);
    return reply
      .code(session === undefined ? 404 : 200)
      .type('text/html; charset=utf-8')
      .send(page);
  });

  app.post<{ Params: { session: string } }>('/:session', async (request, reply) => {
    const session = sessionOf(request);
    if (session === undefined) return reply.code(404).type('text/html; charset=utf-8').send(overPage());
    const decision = requiredText(bodyOf(request), 'decision');
    if (decision !== 'approve' && decision !== 'refuse') throw invalid('decision');
    return reply.redirect(session.location ?? (await decide(budgea, session, decision)), 303);
  });
}

async function decide(budgea: Budgea, session: WebauthSession, decision: 'approve' | 'refuse'): Promise<string> {
  const result = decision === 'approve' ? await approve(budgea, session) : REFUSED;
  // A missing state comes back as this text, as it has been seen to.
  const query = new URLSearchParams({ ...result, state: session.state ?? 'null' });
  const location = `${session.redirect_uri}?${query.toString()}`;
  await budgea.webauth.finish(session, location);
  return location;
}

const REFUSED = { error: 'access_denied', error_description: 'The person refused at the bank' };

async function approve(budgea: Budgea, session: WebauthSession): Promise<Record<string, string>> {
  const updated = session.id_connection === null ? undefined : budgea.connections.find(session.id_connection);
  if (updated !== undefined) {
    await budgea.connections.refresh(updated);
    return { id_connection: String(updated.id) };
  }
  const id_user = session.id_user ?? (await budgea.users.create('temporary', 'web')).id;
  const connection = await budgea.connections.create({ id_user, id_connector: session.id_connector });
  if (session.id_user !== null) return { id_connection: String(connection.id) };
  const code = await budgea.codes.issue({ id_user, access: 'single', redirect_uri: session.redirect_uri });
  return { id_connection: String(connection.id), code };
}
