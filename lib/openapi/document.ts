import { basePath, type CallerKind, type Operation, type OperationId, operations } from '../operations/table.ts';
import { introduction, tags, title, descriptions } from './descriptions.ts';
import { responseHeaders, errorResponseComponents, errorSchemas } from './error-responses.ts';
import { pathItem, securitySchemes } from './operation.ts';
import type { Schema } from './schema.ts';

/** The OpenAPI 3.1 document of the gateway at `url`, base path included: what it says of operations follows from their table. */
export function openApiDocument(url: string): Document {
  const paths: Record<string, PathItem> = {};
  // In the order in which a partner comes to need them. The words have every operation, and nothing else.
  for (const id of Object.keys(descriptions) as OperationId[]) {
    const row: Operation = operations[id];
    paths[row.path] = { ...paths[row.path], ...pathItem(id, row, url) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title,
      version: basePath.slice(1),
      description: introduction,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes,
      responses: errorResponseComponents(Object.values(operations)),
      headers: responseHeaders,
      schemas: errorSchemas,
    },
  };
}

// The parts of OpenAPI 3.1 that the gateway's document is made of, and two extensions.

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

/** A method, in lower case, of a path. */
export type PathItem = Readonly<Partial<Record<'get' | 'post' | 'delete', DocumentedOperation>>>;

/** An operation as the document has it. */
export interface DocumentedOperation {
  operationId: string;
  tags: readonly string[];
  summary: string;
  description: string;
  /** Any one of them is enough; an empty one stands for credentials in the body. */
  security: readonly Readonly<Record<string, readonly string[]>>[];
  parameters?: readonly Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Readonly<Record<string, Answer | Reference>>;
  /** The kinds of caller, as the table of operations names them. */
  'x-accepts': readonly CallerKind[];
  /** As several renderers know it. */
  'x-codeSamples': readonly { lang: string; label: string; source: string }[];
}

/** A field in the path or in the query. */
export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  description: string;
  schema: Schema;
  examples: Examples;
}

/** An answer. */
export interface Answer {
  description: string;
  headers?: Readonly<Record<string, Header | Reference>>;
  content?: Content;
}

/** Something that is described in `components`. */
export interface Reference {
  $ref: string;
}

/** By media type. */
export type Content = Readonly<Record<string, { schema: Schema; examples: Examples }>>;

/** By name. */
export type Examples = Readonly<Record<string, { summary?: string; value: unknown }>>;

/** A header of an answer. */
export interface Header {
  description: string;
  schema: Schema;
  examples?: Examples;
}

/** How a credential is sent. */
export type SecurityScheme = { description: string } & (
  { type: 'http'; scheme: 'basic' | 'bearer' } | { type: 'apiKey'; in: 'header'; name: string }
);
