import { errorCodes } from '../errors.ts';
import type { OperationId } from '../operations/table.ts';

/** The text of an operation in the document, beside the summary in its row. */
export interface OperationDescription {
  /** The heading: an imperative without a full stop. */
  title: string;
  tag: Tag;
  /** What a partner’s developer needs to call the operation correctly. */
  details: string;
  /** The request’s fields. */
  fields: Readonly<Record<string, string>>;
  /** The response’s fields, at any depth. */
  answer: Readonly<Record<string, string>>;
}

/** The groups of operations, in the order in which a partner needs them. */
export const tags = {
  Users:
    'A user belongs to the partner that created it. No other partner can read, change or delete the user: for them, the API answers as if the user did not exist.',
  Tokens:
    'A user’s token lets an application call the banking API for that user. Keep tokens on a server, pass a short-lived code to browsers and other devices, and revoke tokens that are no longer needed.',
  Webauth:
    'A person connects a bank in a browser. Open `/webauth` in the browser; it returns through the gateway’s callback to the partner’s registered redirect URI.',
  Certificates: 'The certificates that identify the Budgea domain to banks.',
  Administration: 'For partners that administer the Budgea domain. Every call requires a grant.',
} as const;

/** The name of a group of operations. */
type Tag = keyof typeof tags;

const expand = 'Names of related resources to include, separated by commas.';
const idUser =
  'A user’s id or, with a user token, `me` for the token’s user. With a partner key, the user must be one of the partner’s users.';
const minted = {
  jwt_token: 'The signed JWT. Send it in `Authorization`.',
  payload: 'The decoded claims of the JWT.',
  id_user: 'The user’s id.',
  exp: 'The expiry time in seconds since 1970. Absent if the JWT does not expire.',
};
const aUser = {
  id: 'The user’s id.',
  signin: 'The time at which the user was created, `YYYY-MM-DD HH:MM:SS` in UTC.',
  platform: 'The kind of application with which the user was created.',
  users: 'All users. Returned for `all`.',
};
const aCode = {
  fields: {
    type: '`singleAccess` for a code that can be used once, `requestAccess` (the default) for one that can be used until it expires.',
  },
  answer: {
    code: 'The code. Until it expires, it replaces a token: send it to `/webauth` as `token`, or exchange it at `/auth/token/access`.',
    type: '`temporary`.',
    access: '`single` for a code that can be used once, otherwise `standard`.',
    expires_in: 'The lifetime in seconds.',
  },
};
const codeDetails =
  'Lets a browser or another device act for the user without the user’s token. Requires the user’s token; a partner key is rejected.';

/** The text of each operation, in the order of the document. */
export const descriptions: Readonly<Record<OperationId, OperationDescription>> = {
  auth_init_post: {
    title: 'Create a user',
    tag: 'Users',
    details:
      'Store `auth_token` and `id_user`: the token is returned only once. Each call creates another user, who may be billed. If a call ends without a response, check whether the user was created before you repeat it.',
    fields: {},
    answer: {
      auth_token: 'The new user’s token.',
      type: '`permanent`, or `temporary` for a caller that sent its key in `x-api-key`.',
      expires_in: 'The lifetime of a temporary user in seconds.',
      id_user: 'The new user’s id.',
    },
  },
  users_id_user_get: {
    title: 'Retrieve a user',
    tag: 'Users',
    details:
      'With a partner key, pass a user’s id: `me` returns 400, and `all` requires the grant `users:all`. With a user token, `me` is the token’s user.',
    fields: { id_user: idUser, expand },
    answer: aUser,
  },
  users_id_user_delete: {
    title: 'Delete a user',
    tag: 'Users',
    details:
      'Permanently deletes the user with all tokens and bank connections, and returns the deleted user. `all` is always rejected.',
    fields: { id_user: idUser, expand },
    answer: aUser,
  },
  hash_delete: {
    title: 'Delete a user’s bank connections',
    tag: 'Users',
    details: 'The user and the token remain. Requires the user’s token; a partner key is rejected.',
    fields: {},
    answer: {},
  },
  auth_jwt_post: {
    title: 'Create a JWT for a user',
    tag: 'Tokens',
    details:
      'A JWT expires after half an hour unless the Budgea domain sets another lifetime. Without `id_user`, each call creates another user, who may be billed.',
    fields: {
      scope: 'The permissions of the JWT. Default: all permissions of a user.',
      id_user: 'One of the partner’s users. If absent, a user is created.',
      expire: 'Whether the JWT expires.',
    },
    answer: minted,
  },
  users_id_user_token_post: {
    title: 'Create another token for a user',
    tag: 'Tokens',
    details:
      'For another application or device of an existing user. Existing tokens remain valid. `all` is rejected, and so is `me` with a partner key.',
    fields: {
      id_user: idUser,
      application: 'The application that uses the token. The banking API itself uses `sharedAccess`.',
    },
    answer: { token: 'The new token. It is returned only once.' },
  },
  auth_token_code_get: {
    title: 'Create a temporary code for a user',
    tag: 'Tokens',
    details: codeDetails,
    ...aCode,
  },
  auth_token_access_post: {
    title: 'Exchange a code for a token',
    tag: 'Tokens',
    details:
      'The OAuth 2.0 token request (RFC 6749, section 4.1.3). Send the client id and the partner key in the body or in HTTP Basic. A code is valid only for the partner to which it was issued. A single-access code is spent even if the response is lost: request a new code.',
    fields: {
      code: 'The code from the redirect, or one from `/auth/token/code`.',
      grant_type: 'The OAuth grant type.',
      redirect_uri: 'The redirect URI that received the code, exactly as registered.',
    },
    answer: { access_token: 'The user’s token.', token_type: '`Bearer`.' },
  },
  auth_token_delete: {
    title: 'Revoke a token',
    tag: 'Tokens',
    details: 'Revokes the token in `Authorization` immediately. A revoked token returns 403 `invalidToken`.',
    fields: {},
    answer: {},
  },
  webauth_get: {
    title: 'Connect a bank',
    tag: 'Webauth',
    details:
      'Link or redirect a browser to this address; it is not called by a program. The person chooses a bank and signs in there. The browser returns to `redirect_uri` with `id_connection` or `error`, and with the `state` that was sent: compare the state before you use any other parameter. The person has ten minutes to complete the process. An error response is an HTML page for the person, or JSON for a client that accepts `application/json`.',
    fields: {
      client_id: 'The partner’s client id. The address contains no secret.',
      redirect_uri: 'One of the partner’s registered redirect URIs, exactly as registered.',
      state: 'Returned unchanged. Use an unguessable value and store it in the person’s session.',
      id_connector: 'The bank, by the connector’s id.',
      connector_uuid: 'The bank, by the connector’s UUID.',
      id_connection: 'An existing connection of the token’s user to renew. Requires `token`.',
      id_transfer: 'A transfer of the token’s user to confirm. Requires `token`.',
      fields: 'The names of fields that the person does not need to enter again.',
      source: 'The data source of the bank to connect.',
      token: 'A temporary code from `/auth/token/code` for the user to whom the connection is added.',
    },
    answer: {},
  },
  webauth_callback_get: {
    title: 'Return from the bank',
    tag: 'Webauth',
    details:
      'Banks redirect browsers to this address; partners do not call it. Opens the sealed `state`, redirects to the redirect URI in it and forwards the fields listed here. Only this partner can exchange a `code`. A seal that was changed, has expired or belongs to another environment is rejected with an HTML page.',
    fields: {
      state: 'The gateway’s seal of the parameters of `/webauth`.',
      id_connection: 'The new or renewed connection.',
      connection_id: 'The connection, as a webview names it.',
      connection_ids: 'Several connections, as a webview names them.',
      id_transfer: 'The confirmed transfer.',
      code: 'A temporary code for the user.',
      error: 'The reason for which there is no connection: `access_denied` if the person declined.',
      error_description: 'A description of the error.',
    },
    answer: {},
  },
  certificate_type_get: {
    title: 'Retrieve a certificate',
    tag: 'Certificates',
    details:
      'With a partner key, returns the gateway’s stored copy, or 404 for a type that the gateway does not store. With a user token, returns the banking API’s response.',
    fields: {
      type: 'The certificate’s type, for example `qwac` or `qseal`.',
      expand: `${expand} Requires a user token.`,
    },
    answer: {
      id: 'The certificate’s id. A renewed certificate has a new id.',
      type: 'The certificate’s type.',
      created: 'The time of creation, `YYYY-MM-DD HH:MM:SS` in UTC.',
      id_public_key_file: 'The id of the public key’s file.',
      id_private_key_file: 'The id of the private key’s file.',
    },
  },
  admin_jwt_post: {
    title: 'Create a manage JWT',
    tag: 'Administration',
    details:
      'A manage JWT acts for the whole Budgea domain within its scope, and cannot be revoked. Request the shortest duration that is sufficient.',
    fields: {
      scope: 'The permissions of the JWT.',
      duration: 'The lifetime in minutes, at least 1. The grant limits it.',
    },
    answer: minted,
  },
};

const codes = Object.entries(errorCodes)
  .map(([code, { status, description }]) => `- ${status} \`${code}\`: ${description}`)
  .join('\n');

/** The name of the API. */
export const title = 'Budgea authentication gateway';

/** The introduction for a partner’s developer, in Markdown. The API page’s menu lists its headings. */
export const introduction = `The authentication operations of the Budgea / Powens API for partners, with the same paths, fields and responses. An existing client of that API only needs another base URL and the partner’s client id and key.

## First calls

1. **Create a user** with the client id and the key: \`POST /auth/init\`. Store \`id_user\` and \`auth_token\`.
2. **Create a code** for that user with the token: \`GET /auth/token/code\`.
3. **Send the person to the bank**: open \`/webauth\` in a browser, with the code as \`token\`. The browser returns to the registered redirect URI with the connection’s id.

## Credentials

- **Client credentials** (\`client\`): the partner’s \`client_id\`, and its key as \`client_secret\`, in the body or in HTTP Basic.
- **Bearer key** (\`bearer_key\`): the partner’s key in \`Authorization\`, with or without the scheme \`Bearer\`.
- **API key** (\`api_key\`): the partner’s key in \`x-api-key\`.
- **User token** (\`token\`): a user’s token or JWT in \`Authorization\`, with or without the scheme \`Bearer\`.

A partner key begins with \`bgk_\`. Store it on a server only, never in a browser, an app or a repository. Each operation lists the credentials that it accepts. A request with two different partner keys is rejected.

## Request bodies

Send \`application/json\`, \`application/x-www-form-urlencoded\` or \`multipart/form-data\`, in UTF-8, up to 16 KiB. Unknown fields are ignored. A field whose name differs from a documented one only by case, brackets or separators, or that is in the wrong place, is rejected. Tokens and codes can contain \`+\`, \`/\` and \`=\`: percent-encode them in forms and queries.

## Errors

Handle errors by \`code\`; \`description\` is for people and may change. Every response has a request id in \`x-request-id\`, which errors repeat as \`request_id\`. It identifies the call in the gateway’s log: include it in support requests.

${codes}

Other codes and descriptions come from the banking API. API Gateway itself answers unknown paths and requests over the rate limits, with the field \`message\` only.

## Retries

Reads and deletions can be repeated. Do not repeat a call that creates a user or a token, or spends a code, if it ends without a response: it may have succeeded. On 429 and 503, wait for the number of seconds in \`Retry-After\`.`;
