import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import type { DemoPartner } from '../demo-partners.ts';
import { requireLoopback } from '../loopback.ts';
import { pageHeaders } from '../page.ts';
import { codeFor, takeHome, type Outcome, type OwnSide } from './home.ts';
import {
  connectedPage,
  errorPage,
  homePage,
  nowherePage,
  refusedPage,
  troublePage,
  unexpectedPage,
  unfinishedPage,
} from './pages.ts';
import { createVisits, type Visit, type Visits } from './visits.ts';

/** A demo application that answers. */
export interface DemoApp {
  url: string;
  /** Where the gateway sends browsers home to. */
  redirectUri: string;
  /** Begins to act as this partner, whose redirect URI is registered by now. */
  serveAs(partner: DemoPartner): void;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const callback = '/callback';

/**
 * Starts a partner's application as small as one can be: a page that sends the browser to the bank by way of the gateway, and takes it home. The
 * partner's key and the user's token stay in this process; a browser gets pages without a script.
 */
export async function startDemoApp({ port, gateway }: { port: number; gateway: string }): Promise<DemoApp> {
  const app = fastify({ forceCloseConnections: true });
  const visits = createVisits();
  const { promise: partner, resolve: serveAs } = Promise.withResolvers<DemoPartner>();
  let url = '';

  requireLoopback(app.server, (message) => ({ type: 'text/plain; charset=utf-8', body: message }));
  app.addHook('onSend', async (_request, reply) => void reply.headers(pageHeaders));
  // What the gateway answered instead is for nobody's browser.
  app.setErrorHandler((_error, _request, reply) => html(reply, 502, troublePage()));
  app.setNotFoundHandler((_request, reply) => html(reply, 404, nowherePage()));

  app.get('/', (_request, reply) => html(reply, 200, homePage()));

  app.get('/connect', async (request, reply) => {
    const known = visitOf(request, visits)?.user;
    // Without a code the bank's visitor would become a new user each time.
    const code = known && (await codeFor(known, gateway));
    const { id, state } = visits.begin(code === undefined ? undefined : known);
    const { client_id } = await partner;
    const query = new URLSearchParams({ client_id, redirect_uri: url + callback, state });
    if (code !== undefined) query.set('token', code);
    // Not `Secure`, as this is http; a browser's other tabs see no script's work in it, as there is none.
    void reply.header('set-cookie', `visit=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=1800`);
    return reply.redirect(`${gateway}/webauth?${query.toString()}`, 303);
  });

  app.get(callback, async (request: FastifyRequest<{ Querystring: Record<string, unknown> }>, reply) => {
    const visit = visitOf(request, visits);
    if (visit === undefined || visit.state !== request.query['state']) return html(reply, 400, unexpectedPage());
    // Who comes a second time, with the browser's button, is shown what became of the first.
    visit.outcome ??= takeUp(visit, request.query, { gateway, redirectUri: url + callback, ...(await partner) });
    await visit.outcome;
    // The code leaves the address line.
    return reply.redirect('/result', 303);
  });

  app.get('/result', async (request, reply) => {
    const outcome = await visitOf(request, visits)?.outcome;
    switch (outcome?.result) {
      case 'connected':
        return html(reply, 200, connectedPage(outcome));
      case 'refused':
        return html(reply, 200, refusedPage());
      case 'error':
        return html(reply, 200, errorPage(outcome));
      case 'unfinished':
        return html(reply, 200, unfinishedPage(outcome));
      case undefined:
        return reply.redirect('/', 303);
    }
  });

  url = await app.listen({ host, port });
  return { url, redirectUri: url + callback, serveAs, close: () => app.close() };
}

async function takeUp(visit: Visit, carried: Readonly<Record<string, unknown>>, own: OwnSide): Promise<Outcome> {
  const { outcome, user } = await takeHome(carried, own, visit.user);
  visit.user = user;
  return outcome;
}

function visitOf({ headers }: FastifyRequest, visits: Visits): Visit | undefined {
  const [, id] = /(?:^|; )visit=([\w-]+)/.exec(headers.cookie ?? '') ?? [];
  return id === undefined ? undefined : visits.find(id);
}

function html(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}
