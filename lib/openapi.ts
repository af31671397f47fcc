import { securitySchemes } from './openapi/callers.ts';
import type { Document, PathItem } from './openapi/document.ts';
import { pathItem } from './openapi/path-item.ts';
import { answerHeaders, refusalComponents, refusalSchemas } from './openapi/refusals.ts';
import { basePath, operations, type Operation } from './operations.ts';

const description = `The authentication operations of the Budgea / Powens API for partners: the same paths and answers, with a partner’s own client id and key.

Bodies are JSON, \`application/x-www-form-urlencoded\` or \`multipart/form-data\`, in UTF-8, up to 16 KiB. Fields that are not named here are ignored. Every answer has an \`x-request-id\`, which finds the call in the gateway’s log. A user who is not the partner’s answers exactly as a missing one.

Unknown paths, and more calls than the limits allow, are answered by API Gateway with \`message\` alone.`;

/** The OpenAPI 3.1 document of the gateway at `url`, base path included: what it says of operations follows from their table. */
export function openApiDocument(url: string): Document {
  const paths: Record<string, PathItem> = {};
  for (const [id, row] of Object.entries<Operation>(operations)) {
    paths[row.path] = { ...paths[row.path], ...pathItem(id, row, url) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Budgea authentication gateway', version: basePath.slice(1), description },
    servers: [{ url }],
    paths,
    components: {
      securitySchemes,
      responses: refusalComponents(Object.values(operations)),
      headers: answerHeaders,
      schemas: refusalSchemas,
    },
  };
}
