import { env } from '../config/env.ts';
import { GatewayError } from '../errors.ts';
import type { Call, Caller, Credential } from '../operations/call.ts';
import type { CallerKind } from '../operations/table.ts';
import type { authenticatePartner } from '../partners/authenticate.ts';
import { keyPrefix, readKey, resemblesKey } from '../partners/key.ts';
import type { Middleware } from './middleware.ts';

/**
 * Decides which credential of the request counts, and refuses kinds that the operation does not take. Throws GatewayError: 400
 * `invalidValue` for contradicting or repeated credentials, `missingParameter` for half of one, 401 `unauthorized` for none, 403
 * `forbidden` for a kind that is not taken, 403 `invalidToken` for a token that cannot be one. A token that resembles a partner key counts as a
 * malformed key.
 */
export const credentials: Middleware = {
  before({ event, context: { call } }) {
    const { accepts, fields: place } = call.operation;
    if (accepts.every((kind) => kind === 'anonymous')) return;
    call.credential = readCredential(event.headers, place === 'body' ? call.fields : {}, accepts);
    call.log.kind = call.credential.kind;
    refuseOtherKinds(call);
  },
};

type Headers = Readonly<Record<string, string | undefined>>;
/** `client_id` and `client_secret`, from the body or from Basic. */
interface ClientPair {
  id: string | undefined;
  secret: string | undefined;
}

const aKey = new RegExp(`${keyPrefix}.*`);

/** Reads the credential that counts; pure. A secret in a query is never looked at. Complete body credentials come first where the operation takes them, then `Authorization`, then `x-api-key`. */
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
  const takesBody = accepts.includes('client') && body.secret !== undefined;

  // Behind a scheme that is none for keys a key does not count, but it is one.
  const inHeader = aKey.exec(authorization?.value ?? '')?.[0];
  const keys = [body.secret, basic?.secret, inHeader, apiKey].filter((text) => text?.startsWith(keyPrefix));
  if (new Set(keys).size > 1) throw contradiction('The request carries different partner keys.');
  const [presented] = keys;
  const ids = [accepts.includes('client') ? body.id : undefined, basic?.id].filter((id) => id !== undefined);
  // A key in the place of an id is a bad credential.
  const misplaced = ids.some((id) => resemblesKey(id));
  const key = presented === undefined || misplaced ? undefined : readKey(presented);
  const keyIn = (place: string | undefined) => (place === presented ? key : undefined);
  if (key !== undefined && ids.some((id) => id !== key.clientId)) {
    throw contradiction('The client_id is not the one that the partner key belongs to.');
  }

  if (takesBody && body.id !== undefined) return { kind: 'client', key: keyIn(body.secret) };
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

/** The scheme is optional and in any case; generated clients send the bare token. */
function readAuthorization(header: string | undefined): Authorization | undefined {
  const value = singleToken(header, 'Authorization');
  if (value === undefined) return undefined;
  const [, scheme, rest] = /^(basic|bearer|oauth)(?: +(.*))?$/i.exec(value) ?? [];
  if (scheme === undefined) return { scheme: 'token', value };
  // A scheme without a value carries no credential.
  if (rest === undefined || rest === '') return undefined;
  return { scheme: scheme.toLowerCase() === 'basic' ? 'basic' : 'token', value: rest.trim() };
}

/** API Gateway joins repeated headers with commas, and no credential has one. */
function singleToken(header: string | undefined, name: string): string | undefined {
  const value = header?.trim();
  if (value?.includes(',')) throw contradiction(`${name} is given twice.`);
  return value === '' ? undefined : value;
}

/** `id:secret`, and also `id:secret:` as one vendor SDK sends it. */
function basicPair(encoded: string): ClientPair {
  // Node decodes any text: a key that was not encoded would become a pair of random bytes.
  if (encoded.includes(keyPrefix)) return { id: undefined, secret: undefined };
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon === -1) return { id: undefined, secret: undefined };
  return { id: decoded.slice(0, colon), secret: decoded.slice(colon + 1).replace(/:$/, '') };
}

/** RFC 6750, section 2.1: what a bearer token can consist of. Budgea's are base64 or JWTs. */
function checkedToken(token: string): string {
  if (token.length > 8192 || !/^[\w.~+/-]+=*$/.test(token)) throw new GatewayError('invalidToken');
  return token;
}

function contradiction(description: string): GatewayError {
  return new GatewayError('invalidValue', { description });
}

/** Whether an environment lets anonymous callers in is decided with the caller. */
function refuseOtherKinds({ credential, operation: { accepts } }: Call): void {
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
  return `This operation takes ${accepts.map((kind) => kindNames[kind]).join(', or ')}.`;
}

/**
 * Turns the credential into a caller. `partners` proves a partner's key; an operation that takes none goes without it, and so loads no AWS
 * client. Throws GatewayError: 401 `unauthorized` for nobody, and what `partners` throws.
 */
export function authenticate(partners: typeof authenticatePartner = refusePartners): Middleware {
  return {
    async before({ context: { call } }) {
      call.caller = await callerOf(call, partners);
    },
    after: settle,
    onError: settle,
  };
}

const settle: Middleware['after'] = ({ context: { call } }) => call.backgroundTask?.();

async function callerOf(call: Call, partners: typeof authenticatePartner): Promise<Caller> {
  const { credential, operation, log } = call;
  switch (credential.kind) {
    case 'token':
      return credential;
    case 'anonymous': {
      const { accepts, needs } = operation;
      const settable = needs.settings.includes('ALLOW_ANONYMOUS_INIT') && env.allowAnonymousInit();
      if (accepts.includes('anonymous') || settable) return credential;
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

async function refusePartners(): Promise<never> {
  throw new GatewayError('forbidden');
}
