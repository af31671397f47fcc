import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeSealingKey } from '#lib/webauth/state.ts';
import type { Passed, Passing } from '../proxy.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ table: true });
});
beforeEach(async () => {
  await world.reset();
  await world.create('client-credentials', { client_id: 1, client_secret: 'the secret of the contract, long enough' });
  await world.create('admin-token', { token: world.adminToken });
  await world.create('manage-token', await world.mint());
  await world.create('sealing-keys', { next: makeSealingKey(), current: makeSealingKey() });
});
afterEach(() => world.expectNoLeak());
afterAll(() => world.close());

/** Everything that a request carried, and the answer to it, in every place that somebody could log. */
function quoting(request: Passing, answer: string): string {
  const said = [request.headers['authorization'], request.body, answer].join(' ');
  return `${said}\n    at ${said}\n    at ${said}`;
}

const hostile: Record<string, (request: Passing, answer: string) => Passed> = {
  'errors that quote the request': (request, answer) => {
    const text = quoting(request, answer);
    const body = {
      code: text,
      description: text,
      message: text,
      request_id: text,
      __type: 'ValidationException',
      Message: text,
    };
    return { status: 400, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  },
  'failures that quote the request': (request, answer) => ({
    status: 500,
    headers: { 'content-type': 'text/html', 'x-debug': Buffer.from(quoting(request, answer)).toString('base64') },
    body: quoting(request, answer),
  }),
  'successes that quote the request': (request, answer) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ SecretString: quoting(request, answer), VersionIdsToStages: quoting(request, answer) }),
  }),
};

const targets: Record<string, (call: string) => boolean> = {
  'Budgea answers': (call) => call.includes('/'),
  // What the secret is called and which labels it has stays true, so that the functions get to the rest.
  'Secrets Manager answers': (call) => !call.includes('/') && call !== 'DescribeSecret',
  'Secrets Manager answers writes': (call) => /^(?:Put|Update)/.test(call),
};

test.each(Object.keys(targets).flatMap((target) => Object.keys(hostile).map((kind) => ({ target, kind }))))(
  'nothing secret is logged or thrown when $target with $kind',
  async ({ target, kind }) => {
    let met = 0;
    world.gate.meddle((name, request, forward) => {
      if (targets[target]?.(name) !== true) return undefined;
      met++;
      return forward().then(({ body }) => hostile[kind]?.(request, body) ?? 'broken');
    });
    await runAll();
    expect(met).toBeGreaterThan(1);
    expect(world.logs().length).toBeGreaterThan(4);
  },
);

test.each(['{"token": "%s"', '%s', '"%s"', '["%s"]'])(
  'nothing secret is logged or thrown when the secrets hold %s',
  async (shape) => {
    const value = shape.replace('%s', 'a-token-that-somebody-pasted-wrongly-0123456789');
    await world.reset();
    for (const secret of ['admin-token', 'manage-token', 'sealing-keys'] as const) await world.create(secret, value);
    await runAll();
    expect(world.logs().some(({ level }) => level === 'ERROR')).toBe(true);
  },
);

/** Runs every scheduled function, whatever comes of it. */
async function runAll(): Promise<void> {
  await world.rotate('manage-token');
  await world.rotate('sealing-keys');
  for (const name of ['fetch-certificates', 'watch']) await world.invoke(name, {}).catch(() => undefined);
}
