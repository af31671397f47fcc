import { basePath, type CallerKind, type Operation, type OperationId, operations } from '../operations/table.ts';
import { introduction, tags, title, descriptions } from './descriptions.ts';
import { responseHeaders, errorResponseComponents, errorSchemas } from './error-responses.ts';
import { pathItem, securitySchemes } from './operation.ts';
import type { Schema } from './schema.ts';

/** Returns the OpenAPI 3.1 document of the gateway at `url`, which includes the base path. Operations come from their table. */
export function openApiDocument(url: string): Document {
  const paths: Record<string, PathItem> = {};
  // The order of the descriptions is the order in which a partner needs the operations.
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
