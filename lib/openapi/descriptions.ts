import { errorCodes } from '../errors.ts';
import type { OperationId } from '../operations/table.ts';

/** What the document says of an operation beyond its row, in words for a partner’s developer. */
export interface OperationDescription {
  /** What the call does, as a heading says it. */
  title: string;
  tag: Tag;
  /** What a developer has to know to use it well. */
  details: string;
  /** The fields of the request. */
  fields: Readonly<Record<string, string>>;
  /** The fields of the answer, however deep. */
  answer: Readonly<Record<string, string>>;
}

/** The headings under which operations stand, in the order of a partner’s first steps. */
export const tags = {
  Users:
    'Whoever a partner creates is that partner’s user: no other partner reads, changes or deletes them, and to others they answer exactly as if they did not exist.',
  Tokens:
    'A user’s token lets an application act for that user at the banking API. Keep tokens on a server, hand a browser or a second device a short-lived code instead, and revoke what is no longer needed.',
  Webauth:
    'How a person connects a bank. Open `/webauth` in the person’s browser; it comes back to the partner’s registered redirect URI by way of the gateway’s own callback.',
  Certificates: 'The certificates with which banks know the Budgea domain.',
  Administration: 'For the few partners who run the Budgea domain: every call here needs a grant.',
} as const;

/** A heading. */
type Tag = keyof typeof tags;

const expand =
  'Names of related resources to include, with commas between them; for a token’s owner, as at the banking API.';
const idUser =
  'Whom it is about: a user’s id or, with a token, `me` for the token’s own user. With a partner key it has to be one of the partner’s users.';
const minted = {
  jwt_token: 'The signed JWT; send it in `Authorization`.',
  payload: 'What the JWT says, decoded.',
  id_user: 'The user whose JWT it is.',
  exp: 'When it expires, in seconds since 1970; absent when it never does.',
};
const aUser = {
  id: 'The user’s id.',
  signin: 'When the user was created, `YYYY-MM-DD HH:MM:SS` in UTC.',
  platform: 'The kind of application that the user was created with.',
  users: 'Everyone, for `all`.',
};
const aCode = {
  fields: {
    type: '`singleAccess` for a code that works once, `requestAccess` for one that works until it expires, which is the default.',
  },
  answer: {
    code: 'The code. It works in place of a token for a short time: put it into a webauth address as `token`, or exchange it at `/auth/token/access`.',
    type: '`temporary`.',
    access: '`single` for a code that works once, else `standard`.',
    expires_in: 'Seconds until it expires.',
  },
};
const codeDetails =
  'Use it to let another device or a browser act for the user without giving the token away. It takes the user’s own token, never a partner key.';

/** The words for each operation. */
export const descriptions: Readonly<Record<OperationId, OperationDescription>> = {
  auth_init_post: {
    title: 'Create a user',
    tag: 'Users',
    details:
      'The first call for every new user. Store `auth_token` and `id_user`: the token is shown once. Each call creates another user, who may be billed: when a call ends without an answer, look before calling again.',
    fields: {},
    answer: {
      auth_token: 'The new user’s token.',
      type: '`permanent`, or `temporary` for a caller who is only identified.',
      expires_in: 'Seconds until a temporary user expires.',
      id_user: 'The new user’s id.',
    },
  },
  users_id_user_get: {
    title: 'Read a user',
    tag: 'Users',
    details:
      'With a partner key, by id: `me` is nobody then and answers 400, and `all` needs the grant `users:all`. With a user’s token, `me` is its user.',
    fields: { id_user: idUser, expand },
    answer: aUser,
  },
  users_id_user_delete: {
    title: 'Delete a user',
    tag: 'Users',
    details:
      'Deletes the user with all tokens and bank connections, for good, and gives the user as it was. The user stops being the partner’s. `all` is always refused.',
    fields: { id_user: idUser, expand },
    answer: aUser,
  },
  hash_delete: {
    title: 'Delete a user’s bank connections',
    tag: 'Users',
    details: 'The user and the token stay. It takes the user’s own token, never a partner key.',
    fields: {},
    answer: {},
  },
  auth_jwt_post: {
    title: 'Mint a user’s JWT',
    tag: 'Tokens',
    details:
      'A JWT lives for half an hour, or as long as the Budgea domain is set to. Without `id_user` each call creates another user, who may be billed.',
    fields: {
      scope: 'What the JWT may do; everything that a user may when it is left out.',
      id_user: 'One of the partner’s users; a new user is created when it is left out.',
      expire: 'Whether the JWT expires.',
    },
    answer: minted,
  },
  users_id_user_token_post: {
    title: 'Create another token of a user',
    tag: 'Tokens',
    details:
      'For a second application or device of a user whom the partner has. Tokens that exist stay valid; `all` is refused, and so is `me` with a partner key.',
    fields: {
      id_user: idUser,
      application: 'What the token is for; `sharedAccess` is what the banking API itself uses.',
    },
    answer: { token: 'The new token, shown once.' },
  },
  auth_token_code_get: {
    title: 'Get a temporary code for a user',
    tag: 'Tokens',
    details: codeDetails,
    ...aCode,
  },
  auth_token_access_post: {
    title: 'Exchange a code for a token',
    tag: 'Tokens',
    details:
      'OAuth 2’s token request: the client id and the key are the client’s credentials, in the body or in HTTP Basic. A code belongs to the partner for whom it was issued. A code of single access is spent even when the answer is lost: begin again with a new one.',
    fields: {
      code: 'The code that the browser brought back, or one from `/auth/token/code`.',
      grant_type: 'OAuth’s name for what is exchanged.',
      redirect_uri: 'The redirect URI that the browser came back to, exactly as it is registered.',
    },
    answer: { access_token: 'The user’s token.', token_type: '`Bearer`.' },
  },
  auth_token_delete: {
    title: 'Revoke a token',
    tag: 'Tokens',
    details: 'The token that the call is made with stops working at once. A revoked token answers 403 `invalidToken`.',
    fields: {},
    answer: {},
  },
  webauth_get: {
    title: 'Send a person to the bank',
    tag: 'Webauth',
    details:
      'An address for a browser, not a call for a program: link or redirect to it. The person chooses or is shown the bank, decides there, and comes back to `redirect_uri` with `id_connection` or `error`, and with the `state` that was sent: compare it before anything else. The whole way has to be done within ten minutes. A refusal is a page that tells the person what to do; a program that accepts `application/json` gets JSON.',
    fields: {
      client_id: 'The partner’s client id; there is no secret in the address.',
      redirect_uri: 'Where the person comes back to: one of the partner’s registered redirect URIs, exactly.',
      state: 'Comes back as it was sent. Make it unguessable and keep it in the person’s session.',
      id_connector: 'The bank, by the connector’s id.',
      connector_uuid: 'The bank, by the connector’s UUID.',
      id_connection: 'A connection of the token’s user to renew instead of making a new one. Requires `token`.',
      id_transfer: 'A transfer of the token’s user to confirm. Requires `token`.',
      fields: 'Values that the person need not enter again.',
      source: 'The source of the bank to connect.',
      token: 'A temporary code of the user for whom the bank is connected, from `/auth/token/code`.',
    },
    answer: {},
  },
  webauth_callback_get: {
    title: 'Take a person back to the partner',
    tag: 'Webauth',
    details:
      'Banks send browsers here; partners never call it. It opens the sealed `state`, which names the partner’s redirect URI, and takes the listed fields along. A `code` can be exchanged by that partner alone. A seal that was altered, has expired or is of another environment is refused with a page.',
    fields: {
      state: 'The gateway’s seal of what `/webauth` was called with.',
      id_connection: 'The new or renewed connection.',
      connection_id: 'The same, as a webview names it.',
      connection_ids: 'Several connections, as a webview names them.',
      id_transfer: 'The confirmed transfer.',
      code: 'A temporary code of the user.',
      error: 'Why there is no connection, `access_denied` when the person refused.',
      error_description: 'The same in descriptions.',
    },
    answer: {},
  },
  certificate_type_get: {
    title: 'Get a certificate',
    tag: 'Certificates',
    details:
      'A partner gets the copy that the gateway keeps up to date, and 404 for a type that it does not keep; a token gets the banking API’s own answer.',
    fields: { type: 'The certificate’s type, such as `qwac` or `qseal`.', expand },
    answer: {
      id: 'The certificate’s id; a renewed certificate has a new one.',
      type: 'Its type.',
      created: 'When it was made, `YYYY-MM-DD HH:MM:SS` in UTC.',
      id_public_key_file: 'The file with its public key.',
      id_private_key_file: 'The file with its private key.',
    },
  },
  admin_jwt_post: {
    title: 'Mint a manage JWT',
    tag: 'Administration',
    details:
      'A manage JWT acts for the whole Budgea domain, as far as its scope reaches, and cannot be revoked: ask for no more minutes than the work takes.',
    fields: {
      scope: 'What the JWT may do.',
      duration: 'Minutes until it expires; the grant says how many there may be.',
    },
    answer: minted,
  },
};

const codes = Object.entries(errorCodes)
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

Other codes come from the banking API, in its own descriptions. Unknown paths, and more calls than the limits allow, are answered by API Gateway with \`message\` alone.

## Repeating calls

Reads and deletions may be repeated. Whatever creates a user, mints a token or spends a code may not: when such a call ends without an answer, it may have worked. On 429 and 503, \`Retry-After\` says in how many seconds it is worth coming back.`;
