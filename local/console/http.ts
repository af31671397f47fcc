import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, gzipSync } from 'node:zlib';
import { describeError } from '#lib/observability/describe-error.ts';
import { readBody } from '../api-gateway/request.ts';
import type { ExtraRoute } from '../api-gateway/routes.ts';

/** An error response of the console; the message is for the operator. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  readonly status: 400 | 403 | 404 | 409 | 413 | 415 | 502;

  constructor(status: ConsoleError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** The headers of every response: no cache, no type detection, and no use by other origins. */
const commonHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

type Parameters = Readonly<Record<string, string>>;

/** A route of a static resource, such as the page. */
export function asset(path: string, type: string, load: () => Promise<string>, more: object = {}): ExtraRoute {
  return route('GET', path, async ({ headers }, response) => {
    const content = await load();
    // Fast rather than small: the response stays on this machine.
    const zip = String(headers['accept-encoding']).includes('gzip');
    const body = zip ? gzipSync(content, { level: constants.Z_BEST_SPEED }) : Buffer.from(content);
    response.writeHead(200, {
      ...commonHeaders,
      ...more,
      'content-type': type,
      'content-length': body.length,
      ...(zip && { 'content-encoding': 'gzip' }),
    });
    response.end(body);
  });
}

/** A route that returns JSON to the console's page and to local programs. */
export function read(path: string, answer: (parameters: Parameters) => Promise<unknown>): ExtraRoute {
  return route('GET', path, async (_request, response, parameters) => {
    sendJson(response, 200, await answer(parameters));
  });
}

/** A route that changes something, with JSON from the console's page. A browser sends the page's origin. */
export function act(path: string, answer: (parameters: Parameters, body: unknown) => Promise<unknown>): ExtraRoute {
  return route('POST', path, async (request, response, parameters) => {
    if (request.headers.origin === undefined) throw new ConsoleError(403, 'Use the command line: npm run gateway.');
    sendJson(response, 200, (await answer(parameters, await jsonOf(request))) ?? {});
  });
}

/** A route with its errors handled. */
export function route(
  method: string,
  path: string,
  serve: (request: IncomingMessage, response: ServerResponse, parameters: Parameters) => Promise<void>,
): ExtraRoute {
  return {
    method,
    path,
    serve(request, response, parameters) {
      serve(request, response, parameters).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else if (error instanceof ConsoleError) sendJson(response, error.status, { message: error.message });
        else sendJson(response, 500, { message: messageOf(error) });
      });
    },
  };
}

/** Shows only what the log may contain. */
function messageOf(error: unknown): string {
  const { detail = '', cause = '' } = describeError(error);
  return `The stack failed: ${detail} ${cause.split(' at ')[0]}`.trim();
}

const maxBody = 65_536;

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  if (request.headers['content-type'] !== 'application/json') throw new ConsoleError(415, 'Send JSON.');
  const body = await readBody(request, maxBody);
  if (body === undefined) throw new ConsoleError(413, 'The request is too large.');
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new ConsoleError(400, 'The request is not JSON.');
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { ...commonHeaders, 'content-type': 'application/json' }).end(JSON.stringify(body));
}
