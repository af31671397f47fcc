import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { trackKeyUse } from '#lib/partners/authenticate.ts';
import { readKey } from '#lib/partner-key.ts';
import { saveOwner } from '#lib/partners/ownership.ts';
import { readPartner } from '#lib/partners/record.ts';
import { startLocalStack, type LocalStack, type Outcome } from './local-stack.ts';

type IssuedKey = Record<'client_id' | 'client_secret' | 'key_id', string>;

interface View {
  client_id: string;
  status: string;
  grants: string[];
  redirect_uris: string[];
  keys: { id: string; created: string; last_used?: string }[];
  users?: number;
}

let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack();
});
afterAll(() => stack.close());

const partners = (...args: string[]): Promise<Outcome> => stack.gateway(['partners', ...args]);
const view = (...args: string[]): Promise<View> => stack.json(['partners', ...args]);
const create = (...args: string[]): Promise<IssuedKey> =>
  stack.json(['partners', 'create', '--name', 'A partner', ...args]);

describe('create', () => {
  test('prints one object with the field names of stack.json', async () => {
    const uri = 'https://acme.example/back';
    const redirects = ['--redirect-uri', uri, '--redirect-uri', 'app.acme:/back'];
    const grants = ['--grant', 'users:all', '--grant', 'jwt:permanent'];
    const { code, stdout, stderr } = await partners('create', '--name', 'Acme', ...redirects, ...grants, '--json');
    expect([code, stderr]).toEqual([0, '']);
    const issued = JSON.parse(stdout);
    expect(issued).toEqual({
      client_id: expect.stringMatching(/^[1-9]\d{7}$/),
      client_secret: expect.stringMatching(/^bgk_/),
      key_id: expect.stringMatching(/^[0-9a-f]{8}$/),
      name: 'Acme',
      redirect_uri: uri,
      redirect_uris: [uri, 'app.acme:/back'],
      grants: ['users:all', 'jwt:permanent'],
    });
    const record = await readPartner(issued.client_id);
    expect(record?.keys.map(({ hash }) => hash)).toEqual([readKey(issued.client_secret)?.hash]);
  });

  test('prints the key once in text', async () => {
    const { stdout } = await partners('create', '--name', 'Acme');
    expect(stdout.match(/bgk_\w+/g)).toHaveLength(1);
    expect(readKey(/bgk_\w+/.exec(stdout)?.[0] ?? '')?.clientId).toMatch(/^\d{8}$/);
  });

  test('omits redirect_uri without a redirect URI', async () => {
    expect(await create()).not.toHaveProperty('redirect_uri');
  });
});

test('no other command prints a key, and no command prints a hash', async () => {
  const issued = await create();
  const { client_id: id, client_secret: key } = issued;
  const hash = readKey(key)?.hash ?? '';
  const commands = [
    ['list'],
    ['show', id],
    ['grant', id, 'users:all'],
    ['revoke', id, 'users:all'],
    ['redirects', id, '--add', 'https://a.example/'],
    ['disable', id],
    ['enable', id],
    ['retire-key', id, issued.key_id],
    ['claim', id, '77001'],
  ];
  for (const command of commands.flatMap((args) => [args, [...args, '--json']])) {
    const { stdout, stderr } = await partners(...command);
    expect(stdout + stderr).not.toContain(key);
    expect(stdout + stderr).not.toContain(hash);
  }
});

test('list prints all partners as a table and as an array', async () => {
  const { client_id } = await create('--grant', 'jwt:scope:a');
  const { stdout } = await partners('list');
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^CLIENT ID +NAME +STATUS +KEYS +GRANTS$/);
  expect(lines.find((line) => line.startsWith(client_id))).toMatch(/A partner +active +1 +jwt:scope:a$/);
  const all = await stack.json<View[]>(['partners', 'list']);
  expect(all.find((partner) => partner.client_id === client_id)).toMatchObject({ status: 'active' });
});

test('show prints the record, the last use of the keys and the number of users', async () => {
  const { client_id: id, key_id } = await create('--redirect-uri', 'https://a.example/');
  await trackKeyUse(id, key_id);
  await Promise.all(['9001', '9002'].map((user) => saveOwner(user, id)));
  await saveOwner('9003', id, 1);
  const details = await view('show', id);
  const today = new Date().toISOString().slice(0, 10);
  expect(details).toMatchObject({ redirect_uris: ['https://a.example/'], users: 2, keys: [{ id: key_id }] });
  expect(details.keys[0]?.last_used).toBe(today);
  const { stdout } = await partners('show', id);
  expect(stdout).toMatch(/^redirect URIs +https:\/\/a\.example\/$/m);
  expect(stdout).toMatch(new RegExp(`^${key_id} .* ${today}$`, 'm'));
});

test('disable and enable change the status', async () => {
  const { client_id: id } = await create();
  expect(await view('disable', id)).toMatchObject({ status: 'disabled' });
  expect(await readPartner(id)).toMatchObject({ status: 'disabled' });
  expect(await view('enable', id)).toMatchObject({ status: 'active' });
  expect(await readPartner(id)).toMatchObject({ status: 'active' });
});

describe('keys', () => {
  test('rotate-key adds a second key and prints it once, but no third', async () => {
    const first = await create();
    const { client_id: id } = first;
    const { stdout } = await partners('rotate-key', id);
    const [key = ''] = stdout.match(/bgk_\w+/g) ?? [];
    const hashes = [first.client_secret, key].map((text) => readKey(text)?.hash);
    expect((await readPartner(id))?.keys.map(({ hash }) => hash)).toEqual(hashes);
    expect(stdout).toContain(`partners retire-key ${id} ${first.key_id}`);

    const third = await partners('rotate-key', id);
    expect(third).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Retire one first') });
    expect((await readPartner(id))?.keys).toHaveLength(2);
  });

  test('concurrent rotations leave two keys', async () => {
    const { client_id: id } = await create();
    const codes = (await Promise.all([partners('rotate-key', id), partners('rotate-key', id)])).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set([0, 1]));
    expect((await readPartner(id))?.keys).toHaveLength(2);
  });

  test('retire-key removes one of two keys, but not the only one', async () => {
    const { client_id: id, key_id: first } = await create();
    const { key_id: second } = await stack.json<IssuedKey>(['partners', 'rotate-key', id]);
    expect((await view('retire-key', id, first)).keys.map((key) => key.id)).toEqual([second]);
    const only = await partners('retire-key', id, second, '--yes');
    expect(only).toMatchObject({ code: 1, stderr: expect.stringContaining(`partners disable ${id}`) });
    const missing = await partners('retire-key', id, first);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining(`no key ${first}`) });
  });

  test('retire-key rejects a key that was used today, unless --yes is set', async () => {
    const { client_id: id, key_id } = await create();
    await partners('rotate-key', id);
    await trackKeyUse(id, key_id);
    const rejected = await partners('retire-key', id, key_id);
    expect(rejected).toMatchObject({ code: 1, stderr: expect.stringContaining('used today') });
    expect((await readPartner(id))?.keys).toHaveLength(2);
    expect(await partners('retire-key', id, key_id, '--yes')).toMatchObject({ code: 0 });
    expect((await readPartner(id))?.keys).toHaveLength(1);
  });
});

test('grant adds grants and can be repeated; revoke removes grants, or none if one is missing', async () => {
  const { client_id: id } = await create('--grant', 'users:all');
  const granted = await view('grant', id, 'users:all', 'jwt:permanent', 'admin:jwt:config:60');
  expect(granted.grants).toEqual(['users:all', 'jwt:permanent', 'admin:jwt:config:60']);
  expect((await view('revoke', id, 'users:all')).grants).toEqual(['jwt:permanent', 'admin:jwt:config:60']);
  const missing = await partners('revoke', id, 'jwt:permanent', 'user:all');
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('no grant user:all') });
  expect((await readPartner(id))?.grants).toEqual(['jwt:permanent', 'admin:jwt:config:60']);
});

test('redirects lists, adds and removes URIs, and rejects the removal of an unregistered URI', async () => {
  const { client_id: id } = await create('--redirect-uri', 'https://a.example/');
  expect(await partners('redirects', id)).toMatchObject({ code: 0, stdout: 'https://a.example/\n' });
  const changed = await view(
    'redirects',
    id,
    '--add',
    'https://b.example/',
    'http://localhost:1/',
    '--remove',
    'https://a.example/',
  );
  expect(changed.redirect_uris).toEqual(['https://b.example/', 'http://localhost:1/']);
  const missing = await partners('redirects', id, '--remove', 'https://a.example/');
  expect(missing).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('not registered') });
});

test.for([
  'show 10000000',
  'disable 10000000',
  'rotate-key 10000000',
  'retire-key 10000000 00000000',
  'grant 10000000 users:all',
  'redirects 10000000',
  'claim 10000000 1',
])('%s fails because the partner does not exist', async (command) => {
  const { code, stdout, stderr } = await partners(...command.split(' '));
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^error: There is no partner 10000000 here\. .*partners list --data/);
});

test.for([
  [['create'], '--name'],
  [['create', '--name', ' '], '1 to 100 characters'],
  [['create', '--name', 'two\nlines'], 'one line'],
  [['create', '--name', 'x', '--grant', 'users:none'], 'admin:jwt:<scope>:<longest duration in minutes>'],
  [['create', '--name', 'x', '--redirect-uri', 'http://acme.example/'], 'http is allowed only for loopback'],
  [['grant', '10000000', 'everything'], 'users:all, jwt:permanent'],
  [['redirects', '10000000', '--add', 'https://a.example/?q'], 'must not have a query'],
  [['show', '12'], '8 digits'],
  [['retire-key', '10000000', 'x'], 'key id'],
  [['claim', '10000000'], '--file'],
  [['claim', '10000000', '1', '--file', '-'], '--file'],
  [['claim', '10000000', '1', '01'], 'up to 18 digits'],
  [['claim', '10000000', '1'.repeat(19)], 'up to 18 digits'],
  [['shw', '10000000'], 'Did you mean show?'],
  [['list', '--jsn'], 'Did you mean --json?'],
  [['list', '--env', 'dev'], 'cannot be used with'],
] as const)('%j is wrong usage', async ([args, message]) => {
  const { code, stdout, stderr } = await partners(...args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

test('a key in place of a client id is not printed', async () => {
  const { client_secret } = await create();
  for (const args of [
    ['show', client_secret],
    ['list', client_secret],
    ['list', `--key=${client_secret}`],
  ]) {
    const { code, stderr } = await partners(...args);
    expect(code).toBe(2);
    expect(stderr).not.toContain(client_secret);
  }
});
