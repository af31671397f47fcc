import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pageHeaders } from '../../page.ts';
import type { Budgea } from '../budgea.ts';
import { bodyOf } from '../http/bodies.ts';
import { invalid, requiredText, type Parameters } from '../parameters.ts';
import type { WebauthSession } from '../state/webauth-sessions.ts';
import { decide } from './decide.ts';
import { decidedPage, decisionPage, homePage, overPage } from './pages.ts';

/** The bank's side of webauth: `/bank/{visit}`, where a person approves or refuses, and a page to come home to. */
export function serveBank(app: FastifyInstance, budgea: Budgea): void {
  // A double click sends the form twice at once: the second waits for the first one's result.
  const inProgress = new Map<string, Promise<string>>();
  async function decidedOnce(visit: WebauthSession, decision: 'approve' | 'refuse'): Promise<string> {
    if (visit.location !== undefined) return visit.location;
    const deciding = inProgress.get(visit.id) ?? decide(budgea, visit, decision);
    inProgress.set(visit.id, deciding);
    return deciding.finally(() => inProgress.delete(visit.id));
  }

  app.addHook('onSend', async (_request, reply) => void reply.headers(pageHeaders));

  app.get('/home', async (request: HomeRequest, reply) => html(reply, 200, homePage(request.query)));

  app.get('/:visit', async (request: VisitRequest, reply) => {
    const visit = budgea.webauth.find(request.params.visit);
    if (visit === undefined) return html(reply, 404, overPage());
    if (visit.location !== undefined) return html(reply, 200, decidedPage(visit.location));
    return html(reply, 200, decisionPage(visit, budgea.contract.clientId));
  });

  app.route({
    method: 'POST',
    url: '/:visit',
    async handler(request: VisitRequest, reply) {
      const visit = budgea.webauth.find(request.params.visit);
      if (visit === undefined) return html(reply, 404, overPage());
      const decision = requiredText(bodyOf(request), 'decision');
      if (decision !== 'approve' && decision !== 'refuse') throw invalid('decision');
      return reply.redirect(await decidedOnce(visit, decision), 303);
    },
  });
}

type HomeRequest = FastifyRequest<{ Querystring: Parameters }>;
type VisitRequest = FastifyRequest<{ Params: { visit: string } }>;

function html(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}
