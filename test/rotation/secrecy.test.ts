import { expect, test } from 'vitest';
import type { ProxyResponse, ProxyRequest } from '../proxy.ts';
import { useFixture } from './fixture.ts';

const fixture = await useFixture({ table: true }, ({ createAll }) => createAll());

/** Returns a text with everything in a request and its response, in places that are often logged. */
function quote(request: ProxyRequest, answer: string): string {
  const quoted = [request.headers['authorization'], request.body, answer].join(' ');
  return `${quoted}\n    at ${quoted}\n    at ${quoted}`;
}

const hostile: Record<string, (quoted: string) => ProxyResponse> = {
  'errors that quote the request': (quoted) => {
    const envelope = { code: quoted, description: quoted, message: quoted, request_id: quoted };
    const body = JSON.stringify({ ...envelope, __type: 'ValidationException', Message: quoted });
    return { status: 400, headers: { 'content-type': 'application/json' }, body };
  },
  'failures that quote the request': (quoted) => ({
    status: 500,
    headers: { 'content-type': 'text/html', 'x-debug': Buffer.from(quoted).toString('base64') },
    body: quoted,
  }),
  'successes that quote the request': (quoted) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ SecretString: quoted, VersionIdsToStages: quoted }),
  }),
};

const targets: Record<string, (call: string) => boolean> = {
  'Budgea answers': (call) => call.includes('/'),
  // DescribeSecret stays correct, so that the functions continue.
  'Secrets Manager answers': (call) => !call.includes('/') && call !== 'DescribeSecret',
  'Secrets Manager answers writes': (call) => /^(?:Put|Update)/.test(call),
};

test.each(Object.keys(targets).flatMap((target) => Object.keys(hostile).map((kind) => ({ target, kind }))))(
  'no secret is logged or thrown when $target with $kind',
  async ({ target, kind }) => {
    let count = 0;
    fixture.gate.intercept((name, request, forward) => {
      if (targets[target]?.(name) !== true) return undefined;
      count++;
      return forward().then(({ body }) => hostile[kind]?.(quote(request, body)) ?? 'broken');
    });
    await runAll();
    expect(count).toBeGreaterThan(1);
    expect(fixture.logs().length).toBeGreaterThan(4);
  },
);

test.each(['{"token": "%s"', '%s', '"%s"', '["%s"]'])(
  'no secret is logged or thrown when the secrets contain %s',
  async (shape) => {
    const value = shape.replace('%s', 'a-token-in-an-invalid-value-0123456789');
    await fixture.reset();
    for (const secret of ['admin-token', 'manage-token', 'sealing-keys'] as const) await fixture.create(secret, value);
    await runAll();
    expect(fixture.logs().some(({ level }) => level === 'ERROR')).toBe(true);
  },
);

/** Runs every scheduled function and ignores failures. */
async function runAll(): Promise<void> {
  await fixture.rotate('manage-token');
  await fixture.rotate('sealing-keys');
  for (const name of ['fetch-certificates', 'watch']) await fixture.invoke(name, {}).catch(() => undefined);
}
