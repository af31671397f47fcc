import { basePath, type Operation, type OperationId, operations } from '../operations/table.ts';
import { introduction, tags, title, descriptions } from './descriptions.ts';
import { responseHeaders, errorResponseComponents, errorSchemas } from './error-responses.ts';
import { pathItem } from './operation.ts';
import { securitySchemes } from './security.ts';
import type { Document, PathItem } from './schema.ts';

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
