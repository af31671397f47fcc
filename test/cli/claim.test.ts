import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ownershipOf, saveOwner } from '#lib/partners/ownership.ts';
import { startProxy } from '../proxy.ts';
import { outcomeOf, stackFolder, startLocalStack, startProcess, type LocalStack } from './local-stack.ts';

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

/** Reads the owners sequentially: a busy machine does not accept hundreds of connections at once. */
async function ownersOf(ids: readonly string[]): Promise<(string | undefined)[]> {
  const owners: (string | undefined)[] = [];
  for (const id of ids) owners.push((await ownershipOf(id))?.owner);
  return owners;
}

test('records users, and can be repeated', async () => {
  const first = await claim('1', '2', '2');
  expect([first.code, JSON.parse(first.stdout)]).toEqual([
    0,
    { client_id: partner, recorded: 2, already: 0, conflicts: [], left: 0 },
  ]);
  expect(JSON.parse((await claim('1', '2', '3')).stdout)).toMatchObject({ recorded: 1, already: 2 });
  expect(await ownersOf(['1', '2', '3'])).toEqual([partner, partner, partner]);
});

test('reports users of other partners and records the others', async () => {
  await saveOwner('12', other);
  const { code, stdout, stderr } = await stack.gateway(['partners', 'claim', partner, '11', '12', '13']);
  expect(code).toBe(1);
  expect(stdout).toContain('2 recorded');
  expect(stdout).toContain(`User 12 belongs to partner ${other}.`);
  expect(stderr).toContain('1 of 3 users belong to other partners.');
  expect(await ownersOf(['11', '12', '13'])).toEqual([partner, other, partner]);
});

test('makes a temporary user of the partner permanent', async () => {
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
  ['# none\n', 'no user id in standard input'],
] as const)('records nothing when standard input is %j', async ([stdin, message]) => {
  const { code, stdout, stderr } = await stack.gateway(['partners', 'claim', partner, '--file', '-'], { stdin });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('hunter2');
  expect(await ownershipOf('41')).toBeUndefined();
});

test('reports a missing file', async () => {
  const { code, stderr } = await claim('--file', join(stack.data, 'missing.txt'));
  expect([code, stderr]).toEqual([1, expect.stringContaining('There is no file')]);
});

const many = Array.from({ length: 400 }, (_, at) => String(50_001 + at));

test('stops on Ctrl-C, keeps recorded users and reports how many are left', async () => {
  const data = await stackWithTable((writes) => {
    if (writes === 40) child.kill('SIGINT');
    return true;
  });
  const child = startProcess(['partners', 'claim', partner, '--file', '-', '--json', '--data', data]);
  child.stdin.end(many.join('\n'));
  const { code, stdout, stderr } = await outcomeOf(child);
  expect(code).toBe(130);
  const { recorded, left } = JSON.parse(stdout) as Record<'recorded' | 'left', number>;
  expect(recorded).toBeGreaterThanOrEqual(40);
  expect(recorded + left).toBe(many.length);
  expect(stderr).toContain(`${left} of 400 users are left. Recorded users stay recorded`);
  expect((await ownersOf(many)).filter((owner) => owner === partner)).toHaveLength(recorded);
});

test('reports how many users are left when the table fails', async () => {
  const data = await stackWithTable((writes) => writes <= 40);
  const ids = many.map((id) => `9${id}`);
  const child = startProcess(['partners', 'claim', partner, '--file', '-', '--json', '--data', data]);
  child.stdin.end(ids.join('\n'));
  const { code, stdout, stderr } = await outcomeOf(child);
  expect(code).toBe(1);
  const { recorded, left } = JSON.parse(stdout) as Record<'recorded' | 'left', number>;
  expect([recorded, left]).toEqual([40, 360]);
  expect(stderr).toMatch(
    /360 of 400 users are left[^]*error: These AWS credentials do not allow this \(dynamodb:PutItem\)/,
  );
});

/** Creates a state folder whose table denies each write that `allow` returns false for; `allow` receives the number of writes. */
async function stackWithTable(allow: (writes: number) => boolean): Promise<string> {
  let writes = 0;
  const message = 'User: arn:aws:iam::1:user/x is not authorized to perform: dynamodb:PutItem on resource: y';
  const denied = {
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: 'x#AccessDeniedException', message }),
  };
  const proxy = await startProxy(
    () => stack.dynamodb,
    async ({ headers }, forward) =>
      headers['x-amz-target'] !== 'DynamoDB_20120810.PutItem' || allow(++writes) ? forward() : denied,
  );
  const data = await stackFolder({ secretsManager: stack.secretsManager, dynamodb: proxy.url, aws: stack.aws });
  onTestFinished(async () => {
    await proxy.close();
    await rm(data, { recursive: true });
  });
  return data;
}
