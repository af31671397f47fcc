import { Ajv2020 } from 'ajv/dist/2020.js';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '#lib/errors.ts';
import { openApiDocument } from '#lib/openapi/document.ts';
import {
  type Answer,
  type Content,
  type DocumentedOperation,
  type Reference,
  jsonSchema,
  type Schema,
} from '#lib/openapi/schema.ts';
import { examples } from '#lib/openapi/examples.ts';
import { type Operation, type OperationId, operations } from '#lib/operations/table.ts';
import { routesOf } from '#lib/operations/routes.ts';
import { serveOnce } from '../http/serve-once.ts';

const url = 'https://gateway.example/2.0';
const document = openApiDocument(url);
const documented = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ route: `${method.toUpperCase()} /2.0${path}`, operation })),
);
const rows = Object.entries(operations) as [OperationId, Operation][]; // A table's keys are its rows' names.

/** Returns the documented operation of a row's primary method. */
function operationOf(id: OperationId): DocumentedOperation {
  const match = documented.find(({ operation }) => operation.operationId === id)?.operation;
  if (match === undefined) throw new Error(`the document lacks ${id}`);
  return match;
}

function resolve(reference: string): unknown {
  const steps = reference.replace('#/', '').split('/');
  return steps.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], document);
}

function resolved(answer: Answer | Reference | undefined): Answer {
  if (answer === undefined) throw new Error('the document lacks this response');
  return '$ref' in answer ? (resolve(answer.$ref) as Answer) : answer;
}

/** Returns every schema of an operation's request and response bodies, subschemas included. */
function schemasOf({ requestBody, responses }: DocumentedOperation): Schema[] {
  const contents = [requestBody?.content, ...Object.values(responses).map((answer) => resolved(answer).content)];
  return contents.flatMap((content) => Object.values(content ?? {})).flatMap(({ schema }) => partsOf(schema));
}

function partsOf(schema: Schema): Schema[] {
  const { properties = {}, items, anyOf = [], allOf = [], $ref } = schema;
  const referenced = $ref === undefined ? [] : [resolve($ref) as Schema];
  const parts = [...Object.values(properties), ...(items ? [items] : []), ...anyOf, ...allOf, ...referenced];
  return [schema, ...parts.flatMap(partsOf)];
}

/** Returns the values of all properties with this name, without those nested in one of them. */
function every(name: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (key === name ? [each] : every(name, each)));
}

describe('the document', () => {
  test('lists each route of the table exactly once', () => {
    const routes = rows.flatMap(([, row]) => routesOf(row).map(({ method, path }) => `${method} ${path}`));
    expect(documented.map(({ route }) => route).toSorted()).toEqual(routes.toSorted());
    const ids = documented.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('resolves every reference and references every component', () => {
    const references = new Set(every('$ref', document).map(String));
    for (const reference of references) expect([reference, resolve(reference)]).not.toContain(undefined);
    const { responses, headers, schemas } = document.components;
    const components = Object.entries({ responses, headers, schemas }).flatMap(([kind, named]) =>
      Object.keys(named).map((name) => `#/components/${kind}/${name}`),
    );
    expect([...references].toSorted()).toEqual(components.toSorted());
  });

  test('names the gateway’s URL and is unchanged by JSON serialization', () => {
    expect(document.servers).toEqual([{ url }]);
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('describes every security scheme that operations require', () => {
    const required = documented.flatMap(({ operation }) => operation.security.flatMap(Object.keys));
    expect([...new Set(required)].toSorted()).toEqual(Object.keys(document.components.securitySchemes).toSorted());
  });
});

test('a check without a counterpart in JSON Schema fails the conversion', () => {
  expect(() => jsonSchema(v.pipe(v.string(), v.creditCard()))).toThrow('credit_card');
  expect(() => jsonSchema(v.date())).toThrow('date');
});

/** Values that queries and forms can carry. */
const texts = [
  'a b',
  'é',
  'a\nb',
  '',
  'x'.repeat(5000),
  'https://app.example/callback',
  'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  ...'42 007 me all true requestAccess authorization_code qwac 12345678 -1 1.5 [*]'.split(' '),
];

function fieldsOf({ parameters = [], requestBody }: DocumentedOperation): [string, Schema][] {
  const { properties = {} } = requestBody?.content['application/json']?.schema ?? {};
  return [...parameters.map(({ name, schema }): [string, Schema] => [name, schema]), ...Object.entries(properties)];
}

/** The string alternatives of a schema that lists no values. */
function stringsOf(schema: Schema): Schema[] {
  const { anyOf, type = [], const: only, enum: values } = schema;
  if (anyOf !== undefined) return anyOf.flatMap(stringsOf);
  return [type].flat().includes('string') && only === undefined && values === undefined ? [schema] : [];
}

describe.each(documented.map(({ route, operation }) => [route, operation] as const))('%s', (route, operation) => {
  const { parameters = [], requestBody, responses } = operation;

  test('documents all path parameters as required', () => {
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(route.match(/\{\w+\}/g) ?? []);
    expect(inPath.every(({ required }) => required)).toBe(true);
  });

  test('accepts a body in three media types, or none', () => {
    expect([0, 3]).toContain(Object.keys(requestBody?.content ?? {}).length);
    expect(route.startsWith('POST') || requestBody === undefined).toBe(true);
  });

  test('documents success, errors and a sample call', () => {
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '429', '500', 'default']));
    expect(Object.keys(responses).some((status) => /^[23]/.test(status))).toBe(true);
    expect(operation.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(operation.description).toMatch(/\.$/);
    expect(operation['x-codeSamples'].map(({ source }) => source)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^curl /)]),
    );
  });

  test('has a tag, and a description and an example for every field and body', () => {
    const tags = document.tags.map(({ name }) => name);
    expect(tags).toEqual(expect.arrayContaining([...operation.tags]));
    for (const parameter of parameters) expect(parameter).toMatchObject({ description: expect.stringMatching(/\.$/) });
    const required = parameters.filter((parameter) => parameter.required);
    expect(required.filter((parameter) => Object.keys(parameter.examples).length === 0)).toEqual([]);
    const contents: Record<string, Content | undefined> = {
      body: requestBody?.content,
      ...Object.fromEntries(Object.entries(responses).map(([status, answer]) => [status, resolved(answer).content])),
    };
    // Errors of the banking API have no examples.
    delete contents['default'];
    const bodies = Object.entries(contents).flatMap(([where, content = {}]) =>
      Object.entries(content).map(([mediaType, { examples: some }]) => [where, mediaType, Object.keys(some)] as const),
    );
    expect(bodies.filter(([, , names]) => names.length === 0)).toEqual([]);
    for (const schema of schemasOf(operation)) {
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        expect([name, field.description]).toEqual([name, expect.stringMatching(/\.$/)]);
      }
    }
  });

  test('has an example for each accepted kind of caller', () => {
    const method = route.split(' ', 1)[0];
    const id = operation.operationId.replace(/_by_post$/, '');
    const own = examples.filter((example) => example.operation === id && example.method === method);
    const kinds = own.filter(({ answer }) => answer.status < 400).map(({ caller }) => caller);
    expect([...new Set(kinds)].toSorted()).toEqual([...operation['x-accepts']].toSorted());
  });

  test('documents a maximum length for every field', () => {
    const unlimited = fieldsOf(operation).filter(([, schema]) =>
      stringsOf(schema).some(({ maxLength }) => maxLength === undefined),
    );
    expect(unlimited.map(([name]) => name)).toEqual([]);
  });
});

test('every error code of the gateway has an example', () => {
  const names = new Set(examples.map(({ name }) => name));
  expect(Object.keys(errorCodes).filter((code) => !names.has(code))).toEqual([]);
});

test.each<[OperationId, readonly string[]]>([
  ['auth_token_access_post', ['client', 'in the body']],
  [
    'certificate_type_get',
    ['bearer_key', 'bearer_key_without_scheme', 'client', 'api_key', 'token', 'token_without_scheme'],
  ],
  ['users_id_user_get', ['bearer_key', 'bearer_key_without_scheme', 'token', 'token_without_scheme']],
  ['hash_delete', ['token', 'token_without_scheme']],
  ['webauth_get', []],
])('%s accepts the credentials %j', (id, schemes) => {
  const { security, requestBody } = operationOf(id);
  expect(security.map((requirement) => Object.keys(requirement)[0] ?? 'in the body')).toEqual(schemes);
  const { properties = {} } = Object.values(requestBody?.content ?? {})[0]?.schema ?? {};
  expect('client_secret' in properties).toBe(schemes.includes('in the body'));
});

test.each(rows)('%s documents every field of its row', (id, row) => {
  const credentials = new Set(['client_id', 'client_secret']);
  const names = fieldsOf(operationOf(id)).map(([name]) => name);
  const own = Object.keys(row.request().entries);
  expect(names.filter((name) => own.includes(name) || !credentials.has(name)).toSorted()).toEqual(own.toSorted());
});

describe.each(
  rows.flatMap(([id, row]) => {
    const checks: Partial<v.ObjectEntries> = row.request().entries;
    return fieldsOf(operationOf(id)).flatMap(([name, schema]) => {
      const check = checks[name];
      return check === undefined ? [] : [{ id, name, schema, check }];
    });
  }),
)('the field $name of $id', ({ schema, check }) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });

  test('is documented as the gateway checks it', () => {
    const accepted = texts.filter((text) => v.is(check, text));
    const validate = ajv.compile(schema);
    expect(texts.filter((text) => validate(text))).toEqual(accepted);
    expect(accepted).not.toEqual([]);
  });

  test('rejects values over the documented length', () => {
    for (const { maxLength = 0 } of stringsOf(schema)) {
      for (const character of ['1', 'a', '-', 'é']) expect(v.is(check, character.repeat(maxLength + 1))).toBe(false);
    }
  });
});

test.each<[OperationId, string]>([
  ['admin_jwt_post', 'Error'],
  ['auth_token_access_post', 'OAuthError'],
])('the error responses of %s are a %s', async (id, name) => {
  const answer = await serveOnce(id, async () => ({}));
  expect(answer.status).toBe(401);
  expect(Object.keys(answer.body as object).toSorted()).toEqual(errorFields(name).toSorted());
  const reference = operationOf(id).responses[answer.status] as { $ref: string };
  const { headers } = resolve(reference.$ref) as { headers: object };
  for (const header of Object.keys(headers)) expect(answer.headers).toHaveProperty(header);
});

/** Returns the fields of an error schema, those of its parts included. */
function errorFields(name: string): string[] {
  const { allOf, ...schema } = resolve(`#/components/schemas/${name}`) as Schema;
  const parts = allOf?.map((part) => (part.$ref === undefined ? part : (resolve(part.$ref) as Schema)));
  return (parts ?? [schema]).flatMap(({ properties = {} }) => Object.keys(properties));
}
