import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operations, type Operation, type OperationId } from '#lib/operations/table.ts';
import { makeKey } from '#lib/partner-key.ts';
import { form, json, multipart } from '../gateway.ts';
import { withoutRequestId } from '../responses.ts';
import { asToken, serveOnce, type Served } from './serve-once.ts';

const key = makeKey('12345678');
const rows = Object.entries(operations) as [OperationId, Operation][]; // A table's keys are its rows' names.

const upperCase = (text: string) => text.toUpperCase();
const camel = (text: string) => text.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const fullWidth = (letter: string) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0);
const mathematical = (letter: string) => String.fromCodePoint(0x1d41a + letter.charCodeAt(0) - 97);

/** Misspellings of a field's name. */
const spellings: [string, (name: string) => string][] = [
  ['upper case', upperCase],
  ['a capital', (name) => name.charAt(0).toUpperCase() + name.slice(1)],
  ['camel case after an underscore', (name) => `_${camel(name)}`],
  ['dashes', (name) => `${name.replaceAll('_', '-')}-`],
  ['dots', (name) => `.${name.replaceAll('_', '.')}`],
  ['two underscores', (name) => `__${name}`],
  ['a trailing underscore', (name) => `${name}_`],
  ['a leading space', (name) => ` ${name}`],
  ['a trailing space', (name) => `${name} `],
  ['a trailing tab', (name) => `${name}\t`],
  ['a trailing line feed', (name) => `${name}\n`],
  ['a trailing NUL', (name) => `${name}\0`],
  ['brackets', (name) => `${name}[]`],
  ['half a bracket', (name) => `${name}[`],
  ['an index', (name) => `${name}[0]`],
  ['two indexes', (name) => `${name}[0][12]`],
  ['a key', (name) => `${name}[value]`],
  ['brackets around it', (name) => `[${name}]`],
  ['a number after a dot', (name) => `${name}.0`],
  ['a number after an underscore', (name) => `${name}_0`],
  ['a colon', (name) => `${name}:`],
  ['quotes', (name) => `"${name}"`],
  ['a dollar', (name) => `$${name}`],
  ['full-width letters', (name) => name.replace(/[a-z]/g, fullWidth)],
  ['mathematical letters', (name) => name.replace(/[a-z]/g, mathematical)],
  ['zero-width characters', (name) => name.split('').join('\u200b')],
  ['a byte order mark', (name) => `\ufeff${name}`],
  ['a soft hyphen', (name) => `${name}\u00ad`],
  ['a combining mark', (name) => `${name}\u20dd`],
];

/** Encodes fields as a body. */
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

const invalid = (description: string) => ({ status: 400, body: { code: 'invalidValue', description } });
const misspelled = (name: string) => invalid(`${name} is misspelled: field names must match exactly.`);

/** Every field of every operation, with its place. */
const fields = rows.flatMap(([id, { request, path, fields: place, accepts }]) => {
  const credentials = place === 'body' && accepts.includes('client') ? ['client_id', 'client_secret'] : [];
  const names = [...new Set([...Object.keys(request().entries), ...credentials])];
  return names.map((name) => ({
    id,
    name,
    input: place,
    place: path.includes(`{${name}}`) ? 'path' : place,
    isCredential: credentials.includes(name),
  }));
});
const inPath = fields.filter(({ place }) => place === 'path');
const inBody = fields.filter(({ place, isCredential }) => place === 'body' && !isCredential);
const inInput = fields.filter(({ place }) => place !== 'path');

describe.each(inInput)('$name of $id', ({ id, name, input: place }) => {
  test.each(spellings)('is rejected with %s', async (_what, spell) => {
    expect(await send(id, place, spell(name))).toMatchObject(misspelled(name));
  });

  test('is not confused with less similar names', async () => {
    const ignored = withoutRequestId(await send(id, place, 'nothing'));
    for (const other of [`x_${name}`, `${name}2`, `é${name}`, `${name}_of`, `user[${name}]`]) {
      expect(withoutRequestId(await send(id, place, other))).toEqual(ignored);
    }
  });
});

test.each(inPath)('$name of $id is rejected outside the path', async ({ id, name, input: place }) => {
  for (const written of [name, ...spellings.map(([, spell]) => spell(name))]) {
    expect(await send(id, place, written)).toMatchObject(invalid(`${name} must be sent in the path.`));
  }
});

test.each(inBody)('$name of $id is rejected in the query', async ({ id, name }) => {
  for (const written of [name, ...spellings.map(([, spell]) => spell(name))]) {
    expect(await send(id, 'query', written)).toMatchObject(invalid(`${name} must be sent in the body.`));
  }
});

test.each(rows.filter(([, row]) => row.fields === 'body'))('%s ignores credentials in the query', async (id) => {
  const ignored = withoutRequestId(await send(id, 'query', 'nothing'));
  for (const name of ['client_id', 'client_secret', 'Client_Secret']) {
    expect(withoutRequestId(await send(id, 'query', name))).toEqual(ignored);
  }
});

test.each(inInput.filter(({ id }) => operations[id].method !== 'POST'))(
  '$name of $id is ignored in a body',
  async ({ id, name }) => {
    const ignored = withoutRequestId(await send(id, 'body', 'nothing'));
    for (const written of [name, upperCase(name)]) {
      expect(withoutRequestId(await send(id, 'body', written))).toEqual(ignored);
    }
  },
);

test.each(rows)('%s ignores names without letters and properties of Object', async (id, row) => {
  const ignored = withoutRequestId(await send(id, row.fields, 'nothing'));
  for (const name of ['', '[]', '-', '0', '__proto__', 'constructor']) {
    expect(withoutRequestId(await send(id, row.fields, name))).toEqual(ignored);
  }
});

test.each(rows)('%s has no two similar fields', (id) => {
  const spelled = fields.filter((field) => field.id === id).map(({ name }) => name.replaceAll('_', ''));
  expect(new Set(spelled).size).toBe(spelled.length);
});

test.each([
  ['JSON', json],
  ['a form', form],
  ['multipart', multipart],
])('%s is parsed before names are compared', async (_type, write) => {
  for (const name of ['ID_USER', 'id-user', 'id_user[]', 'ｉｄ_user']) {
    expect(await send('auth_jwt_post', 'body', name, write)).toMatchObject(misspelled('id_user'));
  }
});

test('the additional method POST reads a body and compares its names', async () => {
  for (const [sent, expected] of [
    [{ Type: 'singleAccess' }, misspelled('type')],
    [{ type: 'singleAccess', kind: 'x' }, { status: 204 }],
  ] as const) {
    const { headers, body } = json(sent);
    const request = { headers: { ...asToken, ...headers }, body, method: 'POST' } as const;
    expect(await serveOnce('auth_token_code_get', async () => undefined, request)).toMatchObject(expected);
  }
});

test('a field is rejected in any mixture of case and separators, and the error contains only its name', async () => {
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
      expect(await send('auth_jwt_post', 'body', written)).toMatchObject(misspelled(name));
    }),
    { numRuns: 300 },
  );
});

test('a secret in a name is not returned', async () => {
  const response = await send('auth_jwt_post', 'body', `id_user[${key}]`);
  expect(response).toMatchObject(misspelled('id_user'));
  expect(JSON.stringify([response.text, response.lines])).not.toContain(key);
});
