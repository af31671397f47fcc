import { randomBytes } from 'node:crypto';
import { fastify, type FastifyRequest } from 'fastify';
import type { DemoPartner } from '../demo-partners.ts';
import { requireLoopback } from '../loopback.ts';
import { pageHeaders, sendPage } from '../page.ts';
import { codeFor, handleRedirect, type Outcome, type User } from './home.ts';
import { errorPage, homePage, notFoundPage, outcomePage, unexpectedPage } from './pages.ts';

/** A running demo application. */
export interface DemoApp {
  url: string;
  /** The URI to which the gateway redirects browsers. */
  redirectUri: string;
  /** Sets the partner, for which the redirect URI is registered. */
  serveAs(partner: DemoPartner): void;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const callback = '/callback';

/**
 * Starts a minimal partner application: it redirects the browser to the bank through the gateway, and handles the redirect back. The
 * partner's key and the user's token stay in this process; the pages have no script.
 */
export async function startDemoApp({ port, gateway }: { port: number; gateway: string }): Promise<DemoApp> {
  const app = fastify({ forceCloseConnections: true });
  const visits = createVisits();
  const visitOf = ({ headers }: FastifyRequest): Visit | undefined =>
    visits.find(/(?:^|; )visit=([\w-]+)/.exec(headers.cookie ?? '')?.[1] ?? '');
  const { promise: partner, resolve: serveAs } = Promise.withResolvers<DemoPartner>();
  let url = '';

  requireLoopback(app.server, (message) => ({ type: 'text/plain; charset=utf-8', body: message }));
  app.addHook('onSend', async (_request, reply) => void reply.headers(pageHeaders));
  // The gateway's error is not for the browser.
  app.setErrorHandler((_error, _request, reply) => sendPage(reply, 502, errorPage()));
  app.setNotFoundHandler((_request, reply) => sendPage(reply, 404, notFoundPage()));

  app.get('/', (_request, reply) => sendPage(reply, 200, homePage()));

  app.get('/connect', async (request, reply) => {
    const existing = visitOf(request)?.user;
    // Without a code, each visit to the bank would create a new user.
    const code = existing && (await codeFor(existing, gateway));
    const { id, state } = visits.start(code === undefined ? undefined : existing);
    const { client_id } = await partner;
    const query = new URLSearchParams({ client_id, redirect_uri: url + callback, state });
    if (code !== undefined) query.set('token', code);
    // Not `Secure`, because this is http.
    void reply.header('set-cookie', `visit=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=1800`);
    return reply.redirect(`${gateway}/webauth?${query.toString()}`, 303);
  });

  app.get(callback, async (request: FastifyRequest<{ Querystring: Record<string, unknown> }>, reply) => {
    const visit = visitOf(request);
    if (visit === undefined || visit.state !== request.query['state']) return sendPage(reply, 400, unexpectedPage());
    const config = { gateway, redirectUri: url + callback, ...(await partner) };
    // A repeated request, as with the browser's back button, has the outcome of the first.
    visit.outcome ??= handleRedirect(request.query, config, visit.user).then(({ outcome, user }) => {
      visit.user = user;
      return outcome;
    });
    await visit.outcome;
    // Removes the code from the address.
    return reply.redirect('/result', 303);
  });

  app.get('/result', async (request, reply) => {
    const outcome = await visitOf(request)?.outcome;
    return outcome === undefined ? reply.redirect('/', 303) : sendPage(reply, 200, outcomePage(outcome));
  });

  url = await app.listen({ host, port });
  return { url, redirectUri: url + callback, serveAs, close: () => app.close() };
}

/** A person's visit to the bank. The id is in the browser's cookie, the state in the address. */
interface Visit {
  id: string;
  state: string;
  user: User | undefined;
  /** Set when the person returns. */
  outcome?: Promise<Outcome>;
}

/** The number of visits that are stored; the oldest one is deleted first. */
const maxVisits = 1000;

function createVisits() {
  const visits = new Map<string, Visit>();
  return {
    start(user: User | undefined): Visit {
      const visit = { id: random(), state: random(), user };
      visits.set(visit.id, visit);
      const [oldest] = visits.keys();
      if (visits.size > maxVisits && oldest !== undefined) visits.delete(oldest);
      return visit;
    },
    find: (id: string) => visits.get(id),
  };
}

const random = () => randomBytes(24).toString('base64url');
