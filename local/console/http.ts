import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, gzipSync } from 'node:zlib';
import { describeError } from '#lib/observability/describe-error.ts';
import type { Beside } from '../api-gateway/besides.ts';
import { readBody } from '../api-gateway/body.ts';
import { ConsoleRefusal } from './refusal.ts';

/** What every answer of the console has: nothing is kept, embedded elsewhere, or taken for another type than it says. */
const everyHeader = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** Something that the console shows as it is. */
export interface Shown {
  type: string;
  content: string;
  headers?: Readonly<Record<string, string>>;
}

type Parameters = Readonly<Record<string, string>>;

/** Shows something that is the same for everybody, such as the page. */
export function show(path: string, make: () => Shown | Promise<Shown>): Beside {
  return guarded('GET', path, async ({ headers }, response) => {
    const { type, content, headers: more = {} } = await make();
    // Fast rather than small: it stays on this machine.
    const zip = String(headers['accept-encoding']).includes('gzip');
    const body = zip ? gzipSync(content, { level: constants.Z_BEST_SPEED }) : Buffer.from(content);
    response.writeHead(200, {
      ...everyHeader,
      ...more,
      'content-type': type,
      'content-length': body.length,
      ...(zip && { 'content-encoding': 'gzip' }),
    });
    response.end(body);
  });
}

/** Answers with JSON, to the console's own page and to programs of this machine. */
export function read(path: string, answer: (parameters: Parameters) => Promise<unknown>): Beside {
  return guarded('GET', path, async (_request, response, parameters) => {
    sendJson(response, 200, await answer(parameters));
  });
}

/** Does something that the console's own page asks for with JSON. Whatever page it is, the browser says its origin. */
export function act(path: string, answer: (parameters: Parameters, body: unknown) => Promise<unknown>): Beside {
  return guarded('POST', path, async (request, response, parameters) => {
    if (request.headers.origin === undefined) throw new ConsoleRefusal(403, 'Use the command line: npm run gateway.');
    sendJson(response, 200, (await answer(parameters, await jsonOf(request))) ?? {});
  });
}

/** Answers as long as it likes, to the console's own page and to programs of this machine. */
export function follow(path: string, serve: (request: IncomingMessage, response: ServerResponse) => void): Beside {
  return guarded('GET', path, async (request, response) => serve(request, response));
}

function guarded(
  method: string,
  path: string,
  serve: (request: IncomingMessage, response: ServerResponse, parameters: Parameters) => Promise<void>,
): Beside {
  return {
    method,
    path,
    serve(request, response, parameters) {
      serve(request, response, parameters).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else if (error instanceof ConsoleRefusal) sendJson(response, error.status, { message: error.message });
        else sendJson(response, 500, { message: told(error) });
      });
    },
  };
}

/** Of another's error no more than the log may know. */
function told(error: unknown): string {
  const { detail = '', cause = '' } = describeError(error);
  return `The stack failed: ${detail} ${cause.split(' at ')[0]}`.trim();
}

const largestBody = 65_536;

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  if (request.headers['content-type'] !== 'application/json') throw new ConsoleRefusal(415, 'Send JSON.');
  const body = await readBody(request, largestBody);
  if (body === undefined) throw new ConsoleRefusal(413, 'That is too much.');
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new ConsoleRefusal(400, 'The request is not JSON.');
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { ...everyHeader, 'content-type': 'application/json' }).end(JSON.stringify(body));
}
