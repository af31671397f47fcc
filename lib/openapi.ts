import { securitySchemes } from './openapi/callers.ts';
import type { Document, PathItem } from './openapi/document.ts';
import { introduction, title } from './openapi/introduction.ts';
import { pathItem } from './openapi/path-item.ts';
import { answerHeaders, refusalComponents, refusalSchemas } from './openapi/refusals.ts';
import { tags, words } from './openapi/words.ts';
import { basePath, operations, type Operation, type OperationId } from './operations.ts';

/** The OpenAPI 3.1 document of the gateway at `url`, base path included: what it says of operations follows from their table. */
export function openApiDocument(url: string): Document {
  const paths: Record<string, PathItem> = {};
  // In the order in which a partner comes to need them. The words have every operation, and nothing else.
  for (const id of Object.keys(words) as OperationId[]) {
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
      responses: refusalComponents(Object.values(operations)),
      headers: answerHeaders,
      schemas: refusalSchemas,
    },
  };
}
