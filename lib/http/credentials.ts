import { env } from '../config/env.ts';
import { GatewayError, invalidValue } from '../errors.ts';
import type { Call, Caller, Credential } from '../operations/call.ts';
import type { CallerKind } from '../operations/table.ts';
import type { authenticatePartner } from '../partners/authenticate.ts';
import { keyPrefix, readKey, resemblesKey } from '../partner-key.ts';
import type { Middleware } from './middleware.ts';

/**
 * Reads the request's credential and rejects kinds that the operation does not accept. Throws GatewayError: 400 `invalidValue` for
 * contradictory or repeated credentials, 400 `missingParameter` for an incomplete one, 401 `unauthorized` for none, 403 `forbidden` for a kind
 * that is not accepted, 403 `invalidToken` for a malformed token. A token that resembles a partner key is treated as a malformed key.
 */
export const credentials: Middleware = {
  before({ event, context: { call } }) {
    const { accepts, fields: place } = call.operation;
    if (accepts.every((kind) => kind === 'anonymous')) return;
    call.credential = readCredential(event.headers, place === 'body' ? call.fields : {}, accepts);
    call.log.kind = call.credential.kind;
    requireAcceptedKind(call);
  },
};

type Headers = Readonly<Record<string, string | undefined>>;
/** `client_id` and `client_secret`, from the body or from HTTP Basic. */
interface ClientPair {
  id: string | undefined;
  secret: string | undefined;
}

const keyPattern = new RegExp(`${keyPrefix}.*`);

/**
 * Returns the request's credential. Complete body credentials take precedence where the operation accepts them, then `Authorization`, then
 * `x-api-key`. Secrets in the query are ignored.
 */
export function readCredential(
  headers: Headers,
  bodyFields: Readonly<Record<string, unknown>>,
  accepts: readonly CallerKind[],
): Credential {
  const body = bodyPair(bodyFields);
  const authorization = readAuthorization(headers['authorization']);
  const apiKey = singleToken(headers['x-api-key'], 'x-api-key');
  const basic = authorization?.scheme === 'basic' ? basicPair(authorization.value) : undefined;
  const token = authorization?.scheme === 'basic' ? undefined : authorization?.value;
  const acceptsBody = accepts.includes('client') && body.secret !== undefined;

  // A key behind an unsupported scheme is not accepted, but it can contradict another key.
  const inHeader = keyPattern.exec(authorization?.value ?? '')?.[0];
  const keys = [body.secret, basic?.secret, inHeader, apiKey].filter((text) => text?.startsWith(keyPrefix));
  if (new Set(keys).size > 1) throw invalidValue('The request contains different partner keys.');
  const [presented] = keys;
  const ids = [accepts.includes('client') ? body.id : undefined, basic?.id].filter((id) => id !== undefined);
  // A key in place of the client id is an invalid credential.
  const misplaced = ids.some((id) => resemblesKey(id));
  const key = presented === undefined || misplaced ? undefined : readKey(presented);
  const keyIn = (place: string | undefined) => (place === presented ? key : undefined);
  if (key !== undefined && ids.some((id) => id !== key.clientId)) {
    throw invalidValue('The client_id does not match the partner key.');
  }

  if (acceptsBody && body.id !== undefined) return { kind: 'client', key: keyIn(body.secret) };
  if (basic !== undefined) return { kind: 'client', key: keyIn(basic.secret) };
  if (token !== undefined && resemblesKey(token)) return { kind: 'bearer_key', key: keyIn(token) };
  if (token !== undefined) return { kind: 'token', token: checkedToken(token) };
  if (apiKey !== undefined) return { kind: 'api_key', key: keyIn(apiKey) };
  if (misplaced) return { kind: 'client', key: undefined };
  if (accepts.includes('client') && (body.id !== undefined || body.secret !== undefined)) {
    const missing = body.id === undefined ? 'client_id' : 'client_secret';
    throw new GatewayError('missingParameter', { description: `${missing} is missing.` });
  }
  return { kind: 'anonymous' };
}

function bodyPair({ client_id: id, client_secret: secret }: Readonly<Record<string, unknown>>): ClientPair {
  return {
    id: typeof id === 'number' ? String(id) : typeof id === 'string' && id !== '' ? id : undefined,
    secret: typeof secret === 'string' && secret !== '' ? secret : undefined,
  };
}

interface Authorization {
  scheme: 'basic' | 'token';
  value: string;
}

/** Parses `Authorization`. The scheme is optional and case-insensitive: generated clients send the token without one. */
function readAuthorization(header: string | undefined): Authorization | undefined {
  const value = singleToken(header, 'Authorization');
  if (value === undefined) return undefined;
  const [, scheme, rest] = /^(basic|bearer|oauth)(?: +(.*))?$/i.exec(value) ?? [];
  if (scheme === undefined) return { scheme: 'token', value };
  // A scheme without a value is no credential.
  if (rest === undefined || rest === '') return undefined;
  return { scheme: scheme.toLowerCase() === 'basic' ? 'basic' : 'token', value: rest.trim() };
}

/** Throws for a repeated header: API Gateway joins the values with a comma, which no credential contains. */
function singleToken(header: string | undefined, name: string): string | undefined {
  const value = header?.trim();
  if (value?.includes(',')) throw invalidValue(`${name} appears more than once.`);
  return value === '' ? undefined : value;
}

/** Decodes `id:secret`, or `id:secret:` as one vendor SDK sends it. */
function basicPair(encoded: string): ClientPair {
  // Node decodes any text: a key that was not encoded would become a pair of random bytes.
  if (encoded.includes(keyPrefix)) return { id: undefined, secret: undefined };
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon === -1) return { id: undefined, secret: undefined };
  return { id: decoded.slice(0, colon), secret: decoded.slice(colon + 1).replace(/:$/, '') };
}

/** Checks the syntax of a bearer token (RFC 6750, section 2.1). Budgea's tokens are base64 or JWTs. */
function checkedToken(token: string): string {
  if (token.length > 8192 || !/^[\w.~+/-]+=*$/.test(token)) throw new GatewayError('invalidToken');
  return token;
}

/** Lets anonymous callers pass: `authenticate` decides whether the environment allows them. */
function requireAcceptedKind({ credential, operation: { accepts } }: Call): void {
  if (credential.kind === 'anonymous' || accepts.includes(credential.kind)) return;
  throw new GatewayError('forbidden', { description: describeKinds(accepts) });
}

const kindNames: Record<CallerKind, string> = {
  client: 'client_id and client_secret',
  bearer_key: 'a partner key in Authorization',
  api_key: 'a partner key in x-api-key',
  token: 'a user token in Authorization',
  anonymous: 'no credentials',
};

function describeKinds(accepts: readonly CallerKind[]): string {
  return `This operation accepts ${accepts.map((kind) => kindNames[kind]).join(', or ')}.`;
}

/**
 * Authenticates the caller. Operations that accept no partner key omit `partners`, so that their functions load no AWS client. Throws
 * GatewayError `unauthorized` for a missing credential, and the errors of `partners`.
 */
export function authenticate(partners: typeof authenticatePartner = rejectPartners): Middleware {
  return {
    async before({ context: { call } }) {
      call.caller = await callerOf(call, partners);
    },
    after: finishBackgroundTask,
    onError: finishBackgroundTask,
  };
}

const finishBackgroundTask: Middleware['after'] = ({ context: { call } }) => call.backgroundTask?.();

async function callerOf(call: Call, partners: typeof authenticatePartner): Promise<Caller> {
  const { credential, operation, log } = call;
  switch (credential.kind) {
    case 'token':
      return credential;
    case 'anonymous': {
      const { accepts, needs } = operation;
      const allowedBySetting = needs.settings.includes('ALLOW_ANONYMOUS_INIT') && env.allowAnonymousInit();
      if (accepts.includes('anonymous') || allowedBySetting) return credential;
      throw new GatewayError('unauthorized');
    }
    case 'client':
    case 'bearer_key':
    case 'api_key': {
      const { key } = credential;
      if (key !== undefined) log.partner = key.clientId;
      const partner = await partners(credential.kind, key);
      log.key_id = partner.keyId;
      call.backgroundTask = partner.trackUse;
      return partner;
    }
  }
}

async function rejectPartners(): Promise<never> {
  throw new GatewayError('forbidden');
}
