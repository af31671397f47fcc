import type { Beside } from '../api-gateway/besides.ts';
import type { StackFile } from '../stack-file.ts';
import { icon, page, script, styles } from './assets.ts';
import type { Changing } from './events.ts';
import { createFeed, type Feed } from './feed.ts';
import { act, follow, read, show } from './http.ts';
import { tapLog } from './log-tap.ts';
import { calmSandbox, controlSandbox, readSandbox } from './panels/sandbox.ts';
import { ConsoleRefusal } from './refusal.ts';
import { stream } from './stream.ts';
import { createTrail, type Trail } from './trail.ts';
import type { StackView } from './wire.ts';

/** What an operator sees of one local stack, and what the stack's servers tell it. */
export interface OperatorConsole extends Pick<Trail, 'upstream' | 'watch'> {
  /** What the gateway's server shows beside the API. */
  besides: readonly Beside[];
  changed: (what: Changing) => void;
  /** The stack is up: whoever asked for more than events so far is answered now. */
  ready: (file: StackFile) => void;
  /** Reads the log no longer. */
  close: () => void;
}

/** Which parts of a stack are its own, not somewhere else. */
interface Own {
  sandbox: boolean;
  aws: boolean;
}

/** Opens the console of a stack. From now on it reads the functions' log. */
export function openConsole(own: Own): OperatorConsole {
  const feed = createFeed();
  const trail = createTrail(feed, own.sandbox);
  const { promise: file, resolve: ready } = Promise.withResolvers<StackFile>();
  return {
    besides: table(feed, async () => viewOf(await file, own)),
    upstream: trail.upstream,
    watch: trail.watch,
    changed: feed.changed,
    ready,
    close: tapLog(trail.line),
  };
}

// What makes AWS clients is loaded when it is asked for: by then they find the stack's servers.
const secrets = () => import('./panels/secrets.ts');
const certificates = () => import('./panels/certificates.ts');
const partners = () => import('./panels/partners.ts');

/** Everything that the console answers. */
function table(feed: Feed, stack: () => Promise<StackView>): Beside[] {
  const sandboxUrl = async () => {
    const { sandbox: isSandbox, budgea } = await stack();
    if (isSandbox) return budgea;
    // Nobody controls a real one.
    throw new ConsoleRefusal(404, 'Another Budgea than the sandbox stands behind this gateway.');
  };
  return [
    show('/', page),
    show('/_console/main.js', script),
    show('/_console/console.css', styles),
    show('/_console/icon.svg', icon),
    follow('/_console/events', (request, response) => stream(feed, request, response)),
    read('/_console/stack', stack),
    read('/_console/secrets', async () => (await secrets()).readSecrets()),
    act('/_console/secrets/{name}/rotate', async ({ name = '' }) => (await secrets()).rotateSecret(name)),
    read('/_console/certificates', async () => (await certificates()).readCertificates()),
    act('/_console/certificates/fetch', async () => (await certificates()).fetchCertificates()),
    read('/_console/partners', async () => (await partners()).readPartners()),
    act('/_console/partners', async (_, body) => (await partners()).newPartner(body)),
    act('/_console/partners/{client_id}/keys', async ({ client_id = '' }) => (await partners()).newKey(client_id)),
    act('/_console/partners/{client_id}/keys/{key_id}/retire', async ({ client_id = '', key_id = '' }) =>
      (await partners()).retireKey(client_id, key_id),
    ),
    read('/_console/sandbox', async () => readSandbox(await sandboxUrl())),
    act('/_console/sandbox/calm', async () => calmSandbox(await sandboxUrl())),
    act('/_console/sandbox/{what+}', async ({ what = '' }, body) => controlSandbox(await sandboxUrl(), what, body)),
  ];
}

function viewOf({ gateway, sandbox, upstream, secretsManager, dynamodb, demoApp }: StackFile, own: Own): StackView {
  const budgea = sandbox ?? upstream ?? '';
  return { gateway, budgea, sandbox: own.sandbox, secretsManager, dynamodb, demoApp, ownAws: own.aws };
}
