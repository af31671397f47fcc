import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ownershipOf, saveOwner } from '#lib/partners/ownership.ts';
import { outcomeOf, stackFolder, start, startLocalStack, type LocalStack } from './local-stack.ts';

interface Claimed {
  recorded: number;
  already: number;
  conflicts: { id_user: string; owner: string }[];
  left: number;
}

let stack: LocalStack;
let partner: string;
let other: string;
beforeAll(async () => {
  stack = await startLocalStack();
  [partner, other] = await Promise.all([newPartner('One'), newPartner('Another')]);
});
afterAll(() => stack.close());

async function newPartner(name: string): Promise<string> {
  return (await stack.json<{ client_id: string }>(['partners', 'create', '--name', name])).client_id;
}

const claim = (...args: string[]) => stack.gateway(['partners', 'claim', partner, ...args, '--json']);

/** One after the other: a busy machine does not accept hundreds of connections at once. */
async function ownersOf(ids: readonly string[]): Promise<(string | undefined)[]> {
  const owners: (string | undefined)[] = [];
  for (const id of ids) owners.push((await ownershipOf(id))?.owner);
  return owners;
}

test('records users, and again without harm', async () => {
  const first = await claim('1', '2', '2');
  expect([first.code, JSON.parse(first.stdout)]).toEqual([
    0,
    { client_id: partner, recorded: 2, already: 0, conflicts: [], left: 0 },
  ]);
  expect(JSON.parse((await claim('1', '2', '3')).stdout)).toMatchObject({ recorded: 1, already: 2 });
  expect(await ownersOf(['1', '2', '3'])).toEqual([partner, partner, partner]);
});

test('leaves another partner’s users to it, names them, and records the rest', async () => {
  await saveOwner('12', other);
  const { code, stdout, stderr } = await stack.gateway(['partners', 'claim', partner, '11', '12', '13']);
  expect(code).toBe(1);
  expect(stdout).toContain('2 recorded');
  expect(stdout).toContain(`User 12 belongs to partner ${other}.`);
  expect(stderr).toContain('Left to other partners: 1 of 3.');
  expect(await ownersOf(['11', '12', '13'])).toEqual([partner, other, partner]);
});

test('makes a temporary user of the partner’s a permanent one', async () => {
  await saveOwner('21', partner, 4_000_000_000);
  expect(JSON.parse((await claim('21')).stdout)).toMatchObject({ recorded: 1 });
  expect(await ownershipOf('21')).toEqual({ owner: partner });
});

const list = '\uFEFF# migrated users\r\n31\r\n\r\n  32  # Ada\n33';

test('reads ids from a file and from standard input', async () => {
  const file = join(stack.data, 'users.txt');
  await writeFile(file, list);
  expect(JSON.parse((await claim('--file', file)).stdout)).toMatchObject({ recorded: 3 });
  const { stdout } = await stack.gateway(['partners', 'claim', partner, '--file', '-', '--json'], { stdin: list });
  expect(JSON.parse(stdout)).toMatchObject({ already: 3 });
});

test.for([
  ['41\nhunter2\n', 'Line 2 of standard input'],
  ['41\n0', 'Line 2 of standard input'],
  ['41 42', 'Line 1 of standard input'],
  ['# nobody\n', 'no user id in standard input'],
] as const)('records nothing when standard input is %j', async ([stdin, complaint]) => {
  const { code, stdout, stderr } = await stack.gateway(['partners', 'claim', partner, '--file', '-'], { stdin });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(complaint);
  expect(stderr).not.toContain('hunter2');
  expect(await ownershipOf('41')).toBeUndefined();
});

test('says when there is no such file', async () => {
  const { code, stderr } = await claim('--file', join(stack.data, 'missing.txt'));
  expect([code, stderr]).toEqual([1, expect.stringContaining('There is no file')]);
});

const many = Array.from({ length: 400 }, (_, at) => String(50_001 + at));

test('stops on Ctrl-C, keeps what is recorded and says how far it came', async () => {
  const data = await inFrontOfTheTable((writes) => {
    if (writes === 40) child.kill('SIGINT');
    return true;
  });
  const child = start(['partners', 'claim', partner, '--file', '-', '--json', '--data', data]);
  child.stdin.end(many.join('\n'));
  const { code, stdout, stderr } = await outcomeOf(child);
  expect(code).toBe(130);
  const { recorded, left } = JSON.parse(stdout) as Claimed;
  expect(recorded).toBeGreaterThanOrEqual(40);
  expect(recorded + left).toBe(many.length);
  expect(stderr).toContain(`${left} of 400 are left. What is recorded stays`);
  expect((await ownersOf(many)).filter((owner) => owner === partner)).toHaveLength(recorded);
});

test('says how far it came when the table fails', async () => {
  const data = await inFrontOfTheTable((writes) => writes <= 40);
  const ids = many.map((id) => `9${id}`);
  const child = start(['partners', 'claim', partner, '--file', '-', '--json', '--data', data]);
  child.stdin.end(ids.join('\n'));
  const { code, stdout, stderr } = await outcomeOf(child);
  expect(code).toBe(1);
  const { recorded, left } = JSON.parse(stdout) as Claimed;
  expect([recorded, left]).toEqual([40, 360]);
  expect(stderr).toMatch(/360 of 400 are left[^]*error: These AWS credentials may not do this \(dynamodb:PutItem\)/);
});

/** A state folder whose table is behind a server that counts writes; `pass` says, for the how-manieth, whether it may go on. */
async function inFrontOfTheTable(pass: (writes: number) => boolean): Promise<string> {
  let writes = 0;
  const server = createServer((request, response) => {
    void (async () => {
      if (isWrite(request) && !pass(++writes)) {
        const message = 'User: arn:aws:iam::1:user/x is not authorized to perform: dynamodb:PutItem on resource: y';
        response.writeHead(400).end(JSON.stringify({ __type: 'x#AccessDeniedException', message }));
        return;
      }
      const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      for (const name of ['host', 'connection', 'content-length']) headers.delete(name);
      const body = await buffer(request);
      const answer = await fetch(stack.dynamodb, { method: 'POST', headers, body: new Uint8Array(body) });
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      response.end(new Uint8Array(await answer.arrayBuffer()));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // It listens on a port.
  const { secretsManager, aws } = stack;
  const data = await stackFolder({ secretsManager, dynamodb: `http://127.0.0.1:${port}`, aws });
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(data, { recursive: true });
  });
  return data;
}

function isWrite({ headers }: IncomingMessage): boolean {
  return headers['x-amz-target'] === 'DynamoDB_20120810.PutItem';
}
