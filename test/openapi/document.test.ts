import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '#lib/errors.ts';
import {
  type Answer,
  type Content,
  type DocumentedOperation,
  openApiDocument,
  type Reference,
} from '#lib/openapi/document.ts';
import { examples } from '#lib/openapi/examples.ts';
import type { Schema } from '#lib/openapi/schema.ts';
import { type Operation, type OperationId, operations } from '#lib/operations/table.ts';
import { routesOf } from '#lib/operations/routes.ts';
import { serveOnce } from '../http/served.ts';

const url = 'https://gateway.example/2.0';
const document = openApiDocument(url);
const documented = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ route: `${method.toUpperCase()} /2.0${path}`, operation })),
);
const rows = Object.entries(operations) as [OperationId, Operation][]; // A table's keys are its rows' names.

/** What the document says of a row by its own method. */
function operationOf(id: OperationId): DocumentedOperation {
  const found = documented.find(({ operation }) => operation.operationId === id)?.operation;
  if (found === undefined) throw new Error(`the document lacks ${id}`);
  return found;
}

function resolve(reference: string): unknown {
  const steps = reference.replace('#/', '').split('/');
  return steps.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], document);
}

/** An answer, wherever it is described. */
function resolved(answer: Answer | Reference | undefined): Answer {
  if (answer === undefined) throw new Error('no such answer');
  return '$ref' in answer ? (resolve(answer.$ref) as Answer) : answer;
}

/** Every schema of an operation's bodies. */
function schemasOf({ requestBody, responses }: DocumentedOperation): Schema[] {
  const contents = [requestBody?.content, ...Object.values(responses).map((answer) => resolved(answer).content)];
  return contents.flatMap((content) => Object.values(content ?? {})).flatMap(({ schema }) => partsOf(schema));
}

/** A schema and all that it consists of. */
function partsOf(schema: Schema): Schema[] {
  const { properties = {}, items, anyOf = [], allOf = [], $ref } = schema;
  const referred = $ref === undefined ? [] : [resolve($ref) as Schema];
  const parts = [...Object.values(properties), ...(items ? [items] : []), ...anyOf, ...allOf, ...referred];
  return [schema, ...parts.flatMap(partsOf)];
}

/** Every value of a property of that name, however deep, but for one within another. */
function every(name: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (key === name ? [each] : every(name, each)));
}

describe('the document', () => {
  test('has every route of the table, each once, and no other', () => {
    const routes = rows.flatMap(([, row]) => routesOf(row).map(({ method, path }) => `${method} ${path}`));
    expect(documented.map(({ route }) => route).toSorted()).toEqual(routes.toSorted());
    const ids = documented.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('refers to nothing that it does not have, and has nothing that nothing refers to', () => {
    const references = new Set(every('$ref', document).map(String));
    for (const reference of references) expect([reference, resolve(reference)]).not.toContain(undefined);
    const { responses, headers, schemas } = document.components;
    const components = Object.entries({ responses, headers, schemas }).flatMap(([kind, named]) =>
      Object.keys(named).map((name) => `#/components/${kind}/${name}`),
    );
    expect([...references].toSorted()).toEqual(components.toSorted());
  });

  test('is at the gateway’s own address, and survives as JSON', () => {
    expect(document.servers).toEqual([{ url }]);
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('asks for credentials that it describes', () => {
    const asked = documented.flatMap(({ operation }) => operation.security.flatMap(Object.keys));
    expect([...new Set(asked)].toSorted()).toEqual(Object.keys(document.components.securitySchemes).toSorted());
  });
});

describe.each(documented.map(({ route, operation }) => [route, operation] as const))('%s', (route, operation) => {
  const { parameters = [], requestBody, responses } = operation;

  test('has its path’s parameters, all of them required', () => {
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(route.match(/\{\w+\}/g) ?? []);
    expect(inPath.every(({ required }) => required)).toBe(true);
  });

  test('takes a body in three media types, or none', () => {
    expect([0, 3]).toContain(Object.keys(requestBody?.content ?? {}).length);
    expect(route.startsWith('POST') || requestBody === undefined).toBe(true);
  });

  test('says how it succeeds, how it refuses and how to call it', () => {
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '429', '500', 'default']));
    expect(Object.keys(responses).some((status) => /^[23]/.test(status))).toBe(true);
    expect(operation.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(operation.description).toMatch(/\.$/);
    expect(operation['x-codeSamples'].map(({ source }) => source)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^curl /)]),
    );
  });

  test('has a name and words for everything, and an example of it', () => {
    const tags = document.tags.map(({ name }) => name);
    expect(tags).toEqual(expect.arrayContaining([...operation.tags]));
    for (const parameter of parameters) expect(parameter).toMatchObject({ description: expect.stringMatching(/\.$/) });
    const required = parameters.filter((parameter) => parameter.required);
    expect(required.filter((parameter) => Object.keys(parameter.examples).length === 0)).toEqual([]);
    const contents: Record<string, Content | undefined> = {
      body: requestBody?.content,
      ...Object.fromEntries(Object.entries(responses).map(([status, answer]) => [status, resolved(answer).content])),
    };
    // What the banking API refuses in its own words is not the gateway's to show.
    delete contents['default'];
    const shown = Object.entries(contents).flatMap(([where, content = {}]) =>
      Object.entries(content).map(([mediaType, { examples: some }]) => [where, mediaType, Object.keys(some)] as const),
    );
    expect(shown.filter(([, , names]) => names.length === 0)).toEqual([]);
    for (const schema of schemasOf(operation)) {
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        expect([name, field.description]).toEqual([name, expect.stringMatching(/\.$/)]);
      }
    }
  });

  test('shows a call of each kind of caller that it takes', () => {
    const method = route.split(' ', 1)[0];
    const id = operation.operationId.replace(/_by_post$/, '');
    const made = examples.filter((example) => example.operation === id && example.method === method);
    const kinds = made.filter(({ answer }) => answer.status < 400).map(({ caller }) => caller);
    expect([...new Set(kinds)].toSorted()).toEqual([...operation['x-accepts']].toSorted());
  });
});

test('every refusal of the gateway has an example', () => {
  const names = new Set(examples.map(({ name }) => name));
  expect(Object.keys(errorCodes).filter((code) => !names.has(code))).toEqual([]);
});

test.each<[OperationId, readonly string[]]>([
  ['auth_token_access_post', ['client', 'in the body']],
  ['certificate_type_get', ['bearer_key', 'bearer_key_alone', 'client', 'api_key', 'token', 'token_alone']],
  ['users_id_user_get', ['bearer_key', 'bearer_key_alone', 'token', 'token_alone']],
  ['hash_delete', ['token', 'token_alone']],
  ['webauth_get', []],
])('%s is for whoever sends %j', (id, schemes) => {
  const { security, requestBody } = operationOf(id);
  expect(security.map((requirement) => Object.keys(requirement)[0] ?? 'in the body')).toEqual(schemes);
  const { properties = {} } = Object.values(requestBody?.content ?? {})[0]?.schema ?? {};
  expect('client_secret' in properties).toBe(schemes.includes('in the body'));
});

/** What queries and forms can carry. */
const texts = [
  '42',
  '007',
  'me',
  'all',
  'true',
  'requestAccess',
  'authorization_code',
  'qwac',
  '12345678',
  '-1',
  '1.5',
  '',
].concat([
  'a b',
  'é',
  'a\nb',
  '[*]',
  'https://app.example/callback',
  'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  'x'.repeat(5000),
]);

/** Whether a text is a value that the schema describes. */
function describes(
  { anyOf, allOf = [], type, const: only, enum: values, pattern, maxLength }: Schema,
  text: string,
): boolean {
  if (anyOf !== undefined) return anyOf.some((each) => describes(each, text));
  if (type !== 'string' || text.length > (maxLength ?? Infinity)) return false;
  const patterns = [pattern, ...allOf.map((each) => each.pattern)].filter((each) => each !== undefined);
  if (!patterns.every((each) => new RegExp(each, 'u').test(text))) return false;
  return (only ?? text) === text && (values?.includes(text) ?? true);
}

function fieldsOf({ parameters = [], requestBody }: DocumentedOperation): [string, Schema][] {
  const { properties = {} } = requestBody?.content['application/json']?.schema ?? {};
  return [...parameters.map(({ name, schema }): [string, Schema] => [name, schema]), ...Object.entries(properties)];
}

/** The fields of a row's request, and how they are checked. */
function checksOf(id: OperationId): v.ObjectEntries {
  return operations[id].request().entries;
}

test.each(rows)('%s has every field of its row', (id) => {
  const credentials = new Set(['client_id', 'client_secret']);
  const names = fieldsOf(operationOf(id)).map(([name]) => name);
  const own = Object.keys(checksOf(id));
  expect(names.filter((name) => own.includes(name) || !credentials.has(name)).toSorted()).toEqual(own.toSorted());
});

const fields = rows.flatMap(([id]) => {
  const checks = checksOf(id);
  const described = fieldsOf(operationOf(id)).filter(([name]) => name in checks);
  return described.map(([name, schema]) => ({ id, name, schema, checked: checks[name] }));
});

test.each(fields)('$id describes $name as the gateway checks it', ({ schema, checked }) => {
  const taken = texts.filter((text) => checked !== undefined && v.is(checked, text));
  expect(texts.filter((text) => describes(schema, text))).toEqual(taken);
  expect(taken).not.toEqual([]);
});

/** The alternatives of a schema that are strings, without those of a fixed list. */
function stringsOf(schema: Schema): Schema[] {
  const { anyOf, type = [], const: only, enum: values } = schema;
  if (anyOf !== undefined) return anyOf.flatMap(stringsOf);
  return [type].flat().includes('string') && only === undefined && values === undefined ? [schema] : [];
}

test.each(documented.map(({ route, operation }) => [route, operation] as const))(
  '%s documents a maximum length for every field',
  (_route, operation) => {
    const unlimited = fieldsOf(operation).filter(([, schema]) =>
      stringsOf(schema).some(({ maxLength }) => maxLength === undefined),
    );
    expect(unlimited.map(([name]) => name)).toEqual([]);
  },
);

test.each(fields)('$id takes no $name that is longer than the document says', ({ schema, checked }) => {
  for (const { maxLength = 0 } of stringsOf(schema)) {
    for (const character of ['1', 'a', '-', 'é']) {
      expect(checked !== undefined && v.is(checked, character.repeat(maxLength + 1))).toBe(false);
    }
  }
});

describe('a refusal', () => {
  test.each<[OperationId, string]>([
    ['admin_jwt_post', 'Refusal'],
    ['auth_token_access_post', 'OAuthRefusal'],
  ])('of %s is a %s', async (id, name) => {
    const answer = await serveOnce(id, async () => ({}));
    expect(answer.status).toBe(401);
    expect(Object.keys(answer.body as object).toSorted()).toEqual(refusalFields(name).toSorted());
    const reference = operationOf(id).responses[answer.status] as { $ref: string };
    const { headers } = resolve(reference.$ref) as { headers: object };
    for (const header of Object.keys(headers)) expect(answer.headers).toHaveProperty(header);
  });
});

/** The fields of a refusal's shape, those of its parts included. */
function refusalFields(name: string): string[] {
  const { allOf, ...schema } = resolve(`#/components/schemas/${name}`) as Schema;
  const parts = allOf?.map((part) => (part.$ref === undefined ? part : (resolve(part.$ref) as Schema)));
  return (parts ?? [schema]).flatMap(({ properties = {} }) => Object.keys(properties));
}
