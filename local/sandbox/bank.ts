import type { FastifyInstance, FastifyRequest } from 'fastify';
import { escapeHtml } from '#lib/http/respond.ts';
import { details, page as pageOf, pageHeaders, sendPage } from '../page.ts';
import type { Budgea } from './budgea.ts';
import { invalid, requiredText, type Parameters } from './call.ts';
import { bodyOf } from './http/bodies.ts';
import type { Visit } from './state/connections.ts';

type Decision = 'approve' | 'refuse';

/** Serves the bank's pages: `/bank/{visit}`, where a person approves or refuses, and `/bank/home`, which stands in for an application. */
export function serveBank(app: FastifyInstance, budgea: Budgea): void {
  // A double click sends the form twice: the second request waits for the result of the first.
  const inProgress = new Map<string, Promise<string>>();
  async function decideOnce(visit: Visit, decision: Decision): Promise<string> {
    if (visit.location !== undefined) return visit.location;
    const deciding = inProgress.get(visit.id) ?? decide(budgea, visit, decision);
    inProgress.set(visit.id, deciding);
    return deciding.finally(() => inProgress.delete(visit.id));
  }

  app.addHook('onSend', async (_request, reply) => void reply.headers(pageHeaders));

  app.get('/home', async (request: HomeRequest, reply) => sendPage(reply, 200, homePage(request.query)));

  app.get('/:visit', async (request: VisitRequest, reply) => {
    const visit = budgea.visits.find(request.params.visit);
    if (visit === undefined) return sendPage(reply, 404, expiredPage());
    if (visit.location !== undefined) return sendPage(reply, 200, decidedPage(visit.location));
    return sendPage(reply, 200, decisionPage(visit, budgea.contract.clientId));
  });

  app.route({
    method: 'POST',
    url: '/:visit',
    async handler(request: VisitRequest, reply) {
      const visit = budgea.visits.find(request.params.visit);
      if (visit === undefined) return sendPage(reply, 404, expiredPage());
      const decision = requiredText(bodyOf(request), 'decision');
      if (decision !== 'approve' && decision !== 'refuse') throw invalid('decision');
      return reply.redirect(await decideOnce(visit, decision), 303);
    },
  });
}

type HomeRequest = FastifyRequest<{ Querystring: Parameters }>;
type VisitRequest = FastifyRequest<{ Params: { visit: string } }>;

/** Applies the decision and returns the address of the redirect. */
async function decide(budgea: Budgea, visit: Visit, decision: Decision): Promise<string> {
  const result =
    decision === 'approve'
      ? await approve(budgea, visit)
      : { error: 'access_denied', error_description: 'The person refused at the bank' };
  // Budgea returns a missing state as this text.
  const query = new URLSearchParams({ ...result, state: visit.state ?? 'null' });
  const location = `${visit.redirect_uri}?${query.toString()}`;
  await budgea.visits.finish(visit, location);
  return location;
}

/** An anonymous visit creates a temporary user; the application makes it permanent when it exchanges the code. */
async function approve(budgea: Budgea, visit: Visit): Promise<Record<string, string>> {
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

const page = (title: string, main: string) =>
  pageOf({ name: 'Sandbox Bank', footer: 'This is a sandbox bank. It holds no money.' }, title, main);

function decisionPage(visit: Visit, clientId: number): string {
  return page(
    'Share your accounts?',
    `<p>The application <strong>${clientId}</strong> requests access through Budgea to:</p>
<ul>
<li>your accounts and balances</li>
<li>your transactions of the last 12 months</li>
</ul>
${details([
  ...(visit.id_connection === null ? [] : [['Renews connection', String(visit.id_connection)] as const]),
  ...(visit.id_connector === null ? [] : [['Connector', String(visit.id_connector)] as const]),
  ['Redirects to', visit.redirect_uri],
])}
<form method="post">
<button name="decision" value="approve">Approve</button>
<button name="decision" value="refuse">Refuse</button>
</form>`,
  );
}

/** For a person who returns with the browser's back button. */
function decidedPage(location: string): string {
  return page(
    'You have already decided',
    `<p>The application has your decision. <a href="${escapeHtml(location)}">Return to the application</a></p>`,
  );
}

function expiredPage(): string {
  return page(
    'This page has expired',
    '<p>The link is invalid or older than 30 minutes. Start again in the application.</p>',
  );
}

function homePage(query: Parameters): string {
  const rows = Object.entries(query).map(([name, value]) => [name, String(value)] as const);
  return page('Back in the application', `<p>The redirect has these parameters:</p>${details(rows)}`);
}
