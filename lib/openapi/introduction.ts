import { failures } from '../errors.ts';

const codes = Object.entries(failures)
  .map(([code, { status, description }]) => `- ${status} \`${code}\`: ${description}`)
  .join('\n');

/** The name of the API. */
export const title = 'Budgea authentication gateway';

/** What a partner's developer reads first, in Markdown: the headings become entries of a page's menu. */
export const introduction = `The authentication operations of the Budgea / Powens API for partners: the same paths, fields and answers, with a partner’s own client id and key. An existing client of that API changes its base URL and its credentials, and nothing else.

## First calls

1. **Create a user** with the client id and the key: \`POST /auth/init\`. Keep \`id_user\` and \`auth_token\`.
2. **Get a code** for that user with the token: \`GET /auth/token/code\`.
3. **Send the person to the bank**: open \`/webauth\` in a browser, with the code as \`token\`. The person comes back to the registered redirect URI with the connection’s id.

## Credentials

- **client**: a partner’s \`client_id\` and its key as \`client_secret\`, in the body or in HTTP Basic.
- **manager**: a partner’s key in \`Authorization\`, after \`Bearer\` or alone.
- **identified**: a partner’s key in \`x-api-key\`.
- **token**: a user’s token or a JWT in \`Authorization\`, after \`Bearer\` or alone.

A key begins with \`bgk_\` and belongs on a server: never in a browser, an app or a repository. Each operation lists who may call it. Two different keys in one request are refused.

## Bodies

\`application/json\`, \`application/x-www-form-urlencoded\` or \`multipart/form-data\`, in UTF-8, up to 16 KiB. Fields that are not named here are ignored. A field whose name differs from one of these only by case, brackets or separators, or that is in another place, is refused. Tokens and codes may hold \`+\`, \`/\` and \`=\`: percent-encode them in forms and queries.

## Refusals

Branch on \`code\`; \`description\` says what to do and may change. \`request_id\`, which every answer has as \`x-request-id\` too, finds the call in the gateway’s log: quote it when you ask for help.

${codes}

Other codes come from the banking API, in its own words. Unknown paths, and more calls than the limits allow, are answered by API Gateway with \`message\` alone.

## Repeating calls

Reads and deletions may be repeated. Whatever creates a user, mints a token or spends a code may not: when such a call ends without an answer, it may have worked. On 429 and 503, \`Retry-After\` says in how many seconds it is worth coming back.`;
