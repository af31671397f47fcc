import { ApiError, type AuthenticationApi, type ClientCredentials } from '../budgea/authentication-api.ts';
import { GatewayError } from '../errors.ts';
import type { Call, Invocation } from '../operations/call.ts';
import type { SecretName } from '../operations/table.ts';
import { cachedSecret, type CachedSecret, type SecretReader } from './reader.ts';
import { adminToken, clientCredentials, manageToken } from './values.ts';
import { type UpstreamCredential, budgeaClient, forwardingClient } from './upstream.ts';

/** One upstream call. `budgea` sends the credential in the header; `client` contains the credentials that are sent in the body, if any. */
export type UpstreamCall<T> = (budgea: AuthenticationApi, client: Partial<ClientCredentials>) => Promise<T>;

/** The credentials that a secret's value adds to a call. */
interface Signature extends UpstreamCredential {
  client?: ClientCredentials;
}

/** A manage JWT is not used in its last seconds, in milliseconds, so that it is still valid on arrival. */
const manageSkew = 30_000;

const contract = cachedSecret('client-credentials', clientCredentials);
const admin = cachedSecret('admin-token', adminToken);
const manage = cachedSecret('manage-token', manageToken, ({ expires_at }) => expires_at * 1000 - manageSkew);

const signers = {
  'client-credentials': signer('client-credentials', contract, (client) => ({
    client,
    guarded: [client.client_secret],
  })),
  'admin-token': signer('admin-token', admin, ({ token }) => ({ token, guarded: [token] })),
  'manage-token': signer('manage-token', manage, ({ jwt_token: token }) => ({ token, guarded: [token] })),
};

/** Returns the contract's client id, which is not secret. Throws GatewayError `unavailable`. */
export async function contractClientId(): Promise<string> {
  return (await contract.get()).value.client_id;
}

/** Calls upstream with the credential for the caller's kind: signed by the gateway, with the caller's token, or with none. */
export function callUpstream<T>(call: Call, send: UpstreamCall<T>): Promise<T> {
  switch (call.caller.kind) {
    case 'client':
      return signed(call, 'client-credentials', send);
    case 'bearer_key':
      return signed(call, call.id === 'admin_jwt_post' ? 'admin-token' : 'manage-token', send);
    case 'api_key':
    case 'token':
    case 'anonymous':
      return send(forwardingClient(call), {});
  }
}

/** Calls upstream signed with a secret, for any caller. Throws GatewayError `unavailable` when upstream rejects the credential. */
export function signed<T>(invocation: Invocation, secret: keyof typeof signers, send: UpstreamCall<T>): Promise<T> {
  return signers[secret](invocation, send);
}

/**
 * Returns the function that signs calls with one secret. When upstream rejects the credential, it reads the secret again and, if the value is
 * new, repeats the call once. That is safe: a rejected call had no effect.
 */
function signer<V>(name: SecretName, secret: SecretReader<V>, sign: (value: V) => Signature) {
  return async <T>(invocation: Invocation, send: UpstreamCall<T>): Promise<T> => {
    const attempt = ({ value }: CachedSecret<V>): Promise<T> => {
      const { client, ...attached } = sign(value);
      return send(budgeaClient(invocation, attached), client ?? {});
    };
    const cached = await secret.get();
    try {
      return await attempt(cached);
    } catch (error) {
      if (!rejectsCredential(error)) throw error;
      const newer = await secret.newerThan(cached);
      if (newer === undefined) throw rejected(invocation, name, error);
      return attempt(newer).catch((again: unknown) => {
        throw rejectsCredential(again) ? rejected(invocation, name, again) : again;
      });
    }
  };
}

/** Returns true for 401 and 403 `invalidToken`. 403 `forbidden` means a missing right, not a rejected credential. */
function rejectsCredential(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 401 || (error.status === 403 && error.code === 'invalidToken');
}

function rejected({ log }: Invocation, name: SecretName, cause: unknown): GatewayError {
  log.count.push('CredentialRejected');
  return new GatewayError('unavailable', { detail: `upstream rejects the credential of the secret ${name}`, cause });
}
