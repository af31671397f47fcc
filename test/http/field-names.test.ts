import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operations, type Operation, type OperationId } from '#lib/operations/table.ts';
import { makeKey } from '#lib/partners/key.ts';
import { form, json, multipart } from '../gateway.ts';
import { withoutRequestId } from '../refused.ts';
import { asToken, serveOnce, type Served } from './served.ts';

const key = makeKey('12345678');
const rows = Object.entries(operations) as [OperationId, Operation][]; // A table's keys are its rows' names.

const capitals = (text: string) => text.toUpperCase();
const camel = (text: string) => text.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const fullWidth = (letter: string) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0);
const mathematical = (letter: string) => String.fromCodePoint(0x1d41a + letter.charCodeAt(0) - 97);

/** Other ways to write a field's name. */
const spellings: [string, (name: string) => string][] = [
  ['capitals', capitals],
  ['a capital', (name) => name.charAt(0).toUpperCase() + name.slice(1)],
  ['camel case behind an underscore', (name) => `_${camel(name)}`],
  ['dashes', (name) => `${name.replaceAll('_', '-')}-`],
  ['dots', (name) => `.${name.replaceAll('_', '.')}`],
  ['two underscores', (name) => `__${name}`],
  ['an underscore behind', (name) => `${name}_`],
  ['a space before', (name) => ` ${name}`],
  ['a space behind', (name) => `${name} `],
  ['a tab behind', (name) => `${name}\t`],
  ['a line end behind', (name) => `${name}\n`],
  ['NUL behind', (name) => `${name}\0`],
  ['brackets', (name) => `${name}[]`],
  ['half a bracket', (name) => `${name}[`],
  ['an index', (name) => `${name}[0]`],
  ['two indexes', (name) => `${name}[0][12]`],
  ['a key', (name) => `${name}[value]`],
  ['brackets around it', (name) => `[${name}]`],
  ['a number behind a dot', (name) => `${name}.0`],
  ['a number behind an underscore', (name) => `${name}_0`],
  ['a colon', (name) => `${name}:`],
  ['quotes', (name) => `"${name}"`],
  ['a dollar', (name) => `$${name}`],
  ['full-width letters', (name) => name.replace(/[a-z]/g, fullWidth)],
  ['mathematical letters', (name) => name.replace(/[a-z]/g, mathematical)],
  ['characters of no width', (name) => name.split('').join('\u200b')],
  ['a byte order mark', (name) => `\ufeff${name}`],
  ['a soft hyphen', (name) => `${name}\u00ad`],
  ['a combining mark', (name) => `${name}\u20dd`],
];

/** Writes fields as a body. */
type Write = (fields: Record<string, string>) => { headers: Record<string, string>; body: string };

/** Sends one field to an operation. */
async function send(id: OperationId, place: 'query' | 'body', name: string, write: Write = json): Promise<Served> {
  const { headers, ...sent } =
    place === 'body' ? write({ [name]: '1' }) : { headers: {}, query: new URLSearchParams({ [name]: '1' }).toString() };
  return serveOnce(id, async () => undefined, {
    ...sent,
    headers: { authorization: key, accept: 'application/json', ...headers },
    pathParameters: id === 'certificate_type_get' ? { type: 'qwac' } : { id_user: '12' },
  });
}

const refusal = (description: string) => ({ status: 400, body: { code: 'invalidValue', description } });
const differently = (name: string) => refusal(`${name} is written differently: a field’s name must match exactly.`);

/** Every field of every operation, with the place that it belongs in. */
const fields = rows.flatMap(([id, { request, path, fields: place, accepts }]) => {
  const credentials = place === 'body' && accepts.includes('client') ? ['client_id', 'client_secret'] : [];
  const names = [...new Set([...Object.keys(request().entries), ...credentials])];
  return names.map((name) => ({
    id,
    name,
    read: place,
    belongs: path.includes(`{${name}}`) ? 'path' : place,
    isCredential: credentials.includes(name),
  }));
});
const inPath = fields.filter(({ belongs }) => belongs === 'path');
const inBody = fields.filter(({ belongs, isCredential }) => belongs === 'body' && !isCredential);
const read = fields.filter(({ belongs }) => belongs !== 'path');

describe.each(read)('$name of $id', ({ id, name, read: place }) => {
  test.each(spellings)('is refused with %s', async (_what, spell) => {
    expect(await send(id, place, spell(name))).toMatchObject(differently(name));
  });

  test('is not the same as names that resemble it less', async () => {
    const ignored = withoutRequestId(await send(id, place, 'nothing'));
    for (const other of [`x_${name}`, `${name}2`, `é${name}`, `${name}_of`, `user[${name}]`]) {
      expect(withoutRequestId(await send(id, place, other))).toEqual(ignored);
    }
  });
});

test.each(inPath)('$name of $id is refused outside the path', async ({ id, name, read: place }) => {
  for (const written of [name, ...spellings.map(([, spell]) => spell(name))]) {
    expect(await send(id, place, written)).toMatchObject(refusal(`${name} belongs in the path.`));
  }
});

test.each(inBody)('$name of $id is refused in the query', async ({ id, name }) => {
  for (const written of [name, ...spellings.map(([, spell]) => spell(name))]) {
    expect(await send(id, 'query', written)).toMatchObject(refusal(`${name} belongs in the body.`));
  }
});

test.each(rows.filter(([, row]) => row.fields === 'body'))('%s ignores credentials in the query', async (id) => {
  const ignored = withoutRequestId(await send(id, 'query', 'nothing'));
  for (const name of ['client_id', 'client_secret', 'Client_Secret']) {
    expect(withoutRequestId(await send(id, 'query', name))).toEqual(ignored);
  }
});

test.each(read.filter(({ id }) => operations[id].method !== 'POST'))(
  '$name of $id is ignored in a body, which is not read',
  async ({ id, name }) => {
    const ignored = withoutRequestId(await send(id, 'body', 'nothing'));
    for (const written of [name, capitals(name)]) {
      expect(withoutRequestId(await send(id, 'body', written))).toEqual(ignored);
    }
  },
);

test.each(rows)('%s ignores names without letters, and names of a prototype', async (id, row) => {
  const ignored = withoutRequestId(await send(id, row.fields, 'nothing'));
  for (const name of ['', '[]', '-', '0', '__proto__', 'constructor']) {
    expect(withoutRequestId(await send(id, row.fields, name))).toEqual(ignored);
  }
});

test.each(rows)('%s has no two fields that resemble each other', (id) => {
  const spelled = fields.filter((field) => field.id === id).map(({ name }) => name.replaceAll('_', ''));
  expect(new Set(spelled).size).toBe(spelled.length);
});

test.each([
  ['JSON', json],
  ['a form', form],
  ['multipart', multipart],
])('%s is read before names are compared', async (_type, write) => {
  for (const name of ['ID_USER', 'id-user', 'id_user[]', 'ｉｄ_user']) {
    expect(await send('auth_jwt_post', 'body', name, write)).toMatchObject(differently('id_user'));
  }
});

test('an operation that is called by POST too reads a body, and compares its names', async () => {
  for (const [sent, expected] of [
    [{ Type: 'singleAccess' }, differently('type')],
    [{ type: 'singleAccess', kind: 'x' }, { status: 204 }],
  ] as const) {
    const { headers, body } = json(sent);
    const request = { headers: { ...asToken, ...headers }, body, method: 'POST' } as const;
    expect(await serveOnce('auth_token_code_get', async () => undefined, request)).toMatchObject(expected);
  }
});

test('a field is refused in any mixture of case and separators, and its name is all that the refusal repeats', async () => {
  const separators = fc.string({ unit: fc.constantFrom(...' _-.:]()/\\\'"$@\t\u00a0\u200b'.split('')), maxLength: 3 });
  const names = ['id_user', 'scope', 'expire', 'client_id', 'client_secret'];
  const mixed = fc.constantFrom(...names).chain((name) =>
    fc
      .array(fc.tuple(separators, fc.boolean()), { minLength: name.length + 1, maxLength: name.length + 1 })
      .map((around) => {
        const letters = name.replaceAll('_', '').split('');
        const written = letters.map((letter, at) => {
          const [separator = '', capital = false] = around[at] ?? [];
          return separator + (capital ? letter.toUpperCase() : letter);
        });
        return { name, written: written.join('') + (around.at(-1)?.[0] ?? '') };
      }),
  );
  await fc.assert(
    fc.asyncProperty(mixed, async ({ name, written }) => {
      fc.pre(written !== name);
      expect(await send('auth_jwt_post', 'body', written)).toMatchObject(differently(name));
    }),
    { numRuns: 300 },
  );
});

test('a secret as a name is not repeated', async () => {
  const answer = await send('auth_jwt_post', 'body', `id_user[${key}]`);
  expect(answer).toMatchObject(differently('id_user'));
  expect(JSON.stringify([answer.text, answer.lines])).not.toContain(key);
});
