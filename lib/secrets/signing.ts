import { ApiError, type AuthenticationApi, type ClientCredentials } from '../budgea/authentication-api.ts';
import { GatewayError } from '../errors.ts';
import type { Call, Invocation } from '../operations/call.ts';
import type { SecretName } from '../operations/table.ts';
import { cachedSecret, type CachedSecret, type SecretReader } from './reader.ts';
import { adminToken, clientCredentials, manageToken } from './values.ts';
import { type UpstreamCredential, budgeaClient, forwardingClient } from './upstream.ts';

/** One upstream call, made with a client that carries the credential; `client` has the contract's credentials where they go into the body. */
export type UpstreamCall<T> = (budgea: AuthenticationApi, client: Partial<ClientCredentials>) => Promise<T>;

/** How a call is signed with a secret's value. */
interface Signature extends UpstreamCredential {
  client?: ClientCredentials;
}

/** A manage JWT is not used in its last seconds: it has to arrive while it is valid. */
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

/** The contract's client id, which is no secret by itself. Throws GatewayError `unavailable`. */
export async function contractClientId(): Promise<string> {
  return (await contract.get()).value.client_id;
}

/** Calls upstream as the caller's kind demands: signed by the gateway for a partner that may sign, with the caller's own token, or unsigned. */
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

/** Calls upstream signed with a secret, whoever the caller is. Throws GatewayError `unavailable` when upstream rejects the credential. */
export function signed<T>(invocation: Invocation, secret: keyof typeof signers, send: UpstreamCall<T>): Promise<T> {
  return signers[secret](invocation, send);
}

/**
 * Makes the calls that one secret signs. When upstream rejects the credential, the secret is read once more and, if it is new, the call is
 * made once more: the rejection proves that the first did nothing.
 */
function signer<V>(name: SecretName, secret: SecretReader<V>, sign: (value: V) => Signature) {
  return async <T>(invocation: Invocation, send: UpstreamCall<T>): Promise<T> => {
    const attempt = ({ value }: CachedSecret<V>): Promise<T> => {
      const { client, ...attached } = sign(value);
      return send(budgeaClient(invocation, attached), client ?? {});
    };
    const held = await secret.get();
    try {
      return await attempt(held);
    } catch (error) {
      if (!rejectsCredential(error)) throw error;
      const newer = await secret.newerThan(held);
      if (newer === undefined) throw rejected(invocation, name, error);
      return attempt(newer).catch((again: unknown) => {
        throw rejectsCredential(again) ? rejected(invocation, name, again) : again;
      });
    }
  };
}

/** 401, or 403 `invalidToken`; `forbidden` is about rights, not about the credential. */
function rejectsCredential(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 401 || (error.status === 403 && error.code === 'invalidToken');
}

function rejected({ log }: Invocation, name: SecretName, cause: unknown): GatewayError {
  log.count.push('CredentialRejected');
  return new GatewayError('unavailable', { detail: `upstream rejects the credential of the secret ${name}`, cause });
}
