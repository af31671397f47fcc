import type { ExtraRoute } from '../api-gateway/routes.ts';
import type { StackFile } from '../stack-file.ts';
import { assets } from './assets.ts';
import { createCallEvents } from './call-events.ts';
import { createFeed, stream, type Feed } from './feed.ts';
import { act, ConsoleError, read, route } from './http.ts';
import type { SandboxView, StackView } from './wire.ts';

/** The parts of a stack that run locally. */
interface LocalParts {
  sandbox: boolean;
  aws: boolean;
}

/** Opens the console of one local stack, and returns its routes and the callbacks for the stack's servers. It reads the functions' log from now on. */
export function openConsole(local: LocalParts) {
  const feed = createFeed();
  const { promise: file, resolve: ready } = Promise.withResolvers<StackFile>();
  return {
    ...createCallEvents(feed, local.sandbox),
    extraRoutes: consoleRoutes(feed, async () => viewOf(await file, local)),
    changed: feed.changed,
    /** Reports that the stack is running; requests other than for events wait until then. */
    ready,
  };
}

// Loaded at the first request: the AWS clients in it need the servers' addresses.
const panels = () => import('./panels.ts');

function consoleRoutes(feed: Feed, stack: () => Promise<StackView>): ExtraRoute[] {
  const sandboxUrl = async () => {
    const { sandbox: isSandbox, budgea } = await stack();
    if (isSandbox) return budgea;
    throw new ConsoleError(404, 'This stack has no sandbox.');
  };
  return [
    ...assets,
    route('GET', '/_console/events', async (request, response) => stream(feed, request, response)),
    read('/_console/stack', stack),
    read('/_console/secrets', async () => (await panels()).readSecrets()),
    act('/_console/secrets/{name}/rotate', async ({ name = '' }) => (await panels()).rotateSecret(name)),
    read('/_console/certificates', async () => (await panels()).readCertificates()),
    act('/_console/certificates/fetch', async () => (await panels()).fetchCertificates()),
    read('/_console/partners', async () => (await panels()).readPartners()),
    act('/_console/partners', async (_, body) => (await panels()).newPartner(body)),
    act('/_console/partners/{client_id}/keys', async ({ client_id = '' }) => (await panels()).newKey(client_id)),
    act('/_console/partners/{client_id}/keys/{key_id}/retire', async ({ client_id = '', key_id = '' }) =>
      (await panels()).retireKey(client_id, key_id),
    ),
    read('/_console/sandbox', async () => readSandbox(await sandboxUrl())),
    act('/_console/sandbox/calm', async () => callControl(await sandboxUrl(), 'failures', { method: 'DELETE' })),
    act('/_console/sandbox/{what+}', async ({ what = '' }, body) => {
      const url = await sandboxUrl();
      if (!controls.has(what)) throw new ConsoleError(404, 'The sandbox has no such control.');
      const headers = { 'content-type': 'application/json' };
      return callControl(url, what, { method: 'POST', headers, body: JSON.stringify(body) });
    }),
  ];
}

function viewOf({ gateway, sandbox, upstream, secretsManager, dynamodb, demoApp }: StackFile, local: LocalParts) {
  const budgea = sandbox ?? upstream ?? '';
  return { gateway, budgea, sandbox: local.sandbox, secretsManager, dynamodb, demoApp, ownAws: local.aws };
}

/** The control routes that the page may call: see `npm run sandbox -- --help`. */
const controls = new Set(['clock', 'latency', 'failures', 'certificates', 'manage-tokens/revoke']);

async function readSandbox(origin: string): Promise<SandboxView> {
  const [clock, latency, failures] = await Promise.all(
    // Each of these is an object.
    ['clock', 'latency', 'failures'].map(async (what) => (await callControl(origin, what)) as Record<string, unknown>),
  );
  // The types of the sandbox's control routes.
  return { ...clock, latency: latency?.['milliseconds'], failures: failures?.['failures'] } as SandboxView;
}

/** Calls a control route of the sandbox. Throws ConsoleError with the sandbox's message. */
async function callControl(origin: string, what: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(new URL(`/_sandbox/${what}`, origin), init);
  const body: unknown = response.status === 204 ? {} : await response.json();
  if (response.ok) return body;
  throw new ConsoleError(400, (body as { description?: string }).description ?? 'The sandbox rejected the request.');
}
