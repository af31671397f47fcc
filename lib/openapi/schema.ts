import type { CallerKind } from '../operations/table.ts';
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';

/** A JSON Schema of draft 2020-12, which OpenAPI 3.1 uses, without boolean subschemas. */
export interface Schema extends Omit<JsonSchema, 'properties' | 'items' | 'anyOf' | 'allOf'> {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  dependentRequired?: Record<string, string[]>;
}

/** Returns the schema with a description of each field at any depth, which ends with the expected format. Throws on a field without a text. */
export function described(schema: Schema, texts: Readonly<Record<string, string>>): Schema {
  const { properties, items, anyOf } = schema;
  const fields = Object.entries(properties ?? {}).map(([name, field]): [string, Schema] => {
    const text = texts[name];
    if (text === undefined) throw new Error(`no description for the field ${name}`);
    const format = field.description === undefined ? '' : ` Expected: ${field.description}.`;
    return [name, { ...described(field, texts), description: text + format }];
  });
  return {
    ...schema,
    ...(properties && { properties: Object.fromEntries(fields) }),
    ...(items && { items: described(items, texts) }),
    ...(anyOf && { anyOf: anyOf.map((each) => described(each, texts)) }),
  };
}

/**
 * Returns the JSON Schema of the values that a valibot schema takes (`input`) or returns (`output`), described by the messages of its checks. Throws
 * on a schema or check that it cannot convert.
 */
export function jsonSchema(schema: v.GenericSchema, typeMode: 'input' | 'output' = 'input'): Schema {
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode,
    overrideSchema: ({ valibotSchema, jsonSchema: { anyOf, ...rest }, errors }) => {
      if (errors !== undefined) return undefined;
      if (valibotSchema.type === 'literal') rest.type = 'string';
      if (valibotSchema.type === 'loose_object') rest.additionalProperties = {};
      return withMessage({ ...rest, ...(anyOf && merged(anyOf as Schema[])) }, valibotSchema);
    },
    overrideAction: ({ valibotAction, jsonSchema: { ...narrowed }, errors }) => {
      const { type, requirement } = valibotAction as { type: string; requirement?: number };
      // A character has at least one byte.
      if (type === 'max_bytes') narrowed.maxLength = requirement;
      // The library adds the limits of safe integers.
      else if (type === 'safe_integer') narrowed = { type: 'integer' };
      // JSON Schema has no keyword for `check` and `finite`, and no flags: a pattern is in Unicode mode.
      else if (errors !== undefined && !['check', 'finite', 'regex'].includes(type)) return undefined;
      return withMessage(narrowed, valibotAction);
    },
  });
  return converted as Schema; // The gateway's schemas contain nothing that is converted to a boolean subschema.
}

/** Merges alternatives of different types: each of their keywords applies to one type only. */
function merged(alternatives: readonly Schema[]): Schema {
  const anyOf: Schema[] = alternatives.map((each) => ({ ...each, description: undefined }));
  const types = anyOf.flatMap(({ type = [] }) => type);
  const isMergeable = new Set(types).size === anyOf.length && anyOf.every((each) => each.enum === undefined);
  return isMergeable ? Object.assign({}, ...anyOf, { type: types }) : { anyOf };
}

/** Adds a check's message to the description, unless the schema lists its values. */
function withMessage(schema: JsonSchema, check: object): JsonSchema {
  if (!('message' in check) || typeof check.message !== 'string' || 'enum' in schema || 'const' in schema)
    return schema;
  const text = check.message.replace(/^must (not )?be /, '$1');
  const texts = schema.description?.split('; ') ?? [];
  if (text === 'a string' || texts.includes(text)) return schema;
  return { ...schema, description: [...texts, text].join('; ') };
}

// The parts of OpenAPI 3.1 that the document uses, and two extensions.

/** An OpenAPI document. */
export interface Document {
  openapi: '3.1.1';
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } };
  servers: readonly { url: string }[];
  tags: readonly { name: string; description: string }[];
  paths: Readonly<Record<string, PathItem>>;
  components: {
    securitySchemes: Readonly<Record<string, SecurityScheme>>;
    responses: Readonly<Record<string, Answer>>;
    headers: Readonly<Record<string, Header>>;
    schemas: Readonly<Record<string, Schema>>;
  };
}

/** The operations of a path, by method in lower case. */
export type PathItem = Readonly<Partial<Record<'get' | 'post' | 'delete', DocumentedOperation>>>;

/** An operation object. */
export interface DocumentedOperation {
  operationId: string;
  tags: readonly string[];
  summary: string;
  description: string;
  /** The alternatives; an empty one stands for credentials in the body. */
  security: readonly Readonly<Record<string, readonly string[]>>[];
  parameters?: readonly Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Readonly<Record<string, Answer | Reference>>;
  /** The accepted kinds of caller. */
  'x-accepts': readonly CallerKind[];
  /** An extension that Scalar and Redoc support. */
  'x-codeSamples': readonly { lang: string; label: string; source: string }[];
}

/** A parameter in the path or in the query. */
export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  description: string;
  schema: Schema;
  examples: Examples;
}

/** A response object. */
export interface Answer {
  description: string;
  headers?: Readonly<Record<string, Header | Reference>>;
  content?: Content;
}

/** A reference to an entry of `components`. */
export interface Reference {
  $ref: string;
}

/** The content of a body, by media type. */
export type Content = Readonly<Record<string, { schema: Schema; examples: Examples }>>;

/** Examples by name. */
export type Examples = Readonly<Record<string, { summary?: string; value: unknown }>>;

/** A response header. */
export interface Header {
  description: string;
  schema: Schema;
  examples?: Examples;
}

/** A security scheme. */
export type SecurityScheme = { description: string } & (
  { type: 'http'; scheme: 'basic' | 'bearer' } | { type: 'apiKey'; in: 'header'; name: string }
);
