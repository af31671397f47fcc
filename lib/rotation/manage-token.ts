import * as v from 'valibot';
import { ApiError, type AuthenticationApi, TransportError } from '../budgea/authentication-api.ts';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { JobError } from '../errors.ts';
import { number } from '../numbers.ts';
import type { Invocation } from '../operations/call.ts';
import { manageToken } from '../secrets/values.ts';
import { signed } from '../secrets/signing.ts';
import { budgeaClient } from '../secrets/upstream.ts';
import { type Rotation, UnusableSecret } from './rotate.ts';

/** The lifetime of a JWT in rotation intervals, so that it outlives two failed rotations. */
const intervals = 3;
/** The minimum lifetime in minutes. */
const minMinutes = 15;

/** Returns the lifetime of a new manage JWT in minutes: three rotation intervals. Never 0, which upstream takes for no expiry. Throws JobError. */
export function manageTokenMinutes(): number {
  const minutes = Math.max(minMinutes, Math.ceil(intervals * env.rotationMinutes()));
  // JSON encodes NaN as null, for which upstream uses one minute.
  if (!Number.isFinite(minutes)) throw new JobError('ROTATION_MINUTES is not a number');
  return minutes;
}

/** The rotation of the manage JWT, which is created with the admin token and tested at upstream. */
export const manageTokenRotation: Rotation<ManageToken> = {
  schema: manageToken(),
  create: (_current, invocation) =>
    signed(invocation, 'admin-token', (budgea: AuthenticationApi) =>
      mintManageToken(budgea, { scope: env.manageScope(), minutes: manageTokenMinutes() }),
    ),
  async test({ jwt_token, expires_at }, invocation) {
    const { aud, scope, exp } = readClaims(jwt_token);
    if (!isUpstream(aud)) throw new UnusableSecret('its audience is another host');
    if (scope !== env.manageScope()) throw new UnusableSecret('it has another scope');
    if (Math.min(exp, expires_at) - now() / 1000 < (manageTokenMinutes() * 60) / intervals) {
      throw new UnusableSecret('it expires before the next rotation');
    }
    await checkAtUpstream(jwt_token, invocation);
  },
};

async function checkAtUpstream(token: string, invocation: Invocation): Promise<void> {
  const accepted = await acceptsManageToken(budgeaClient(invocation, { token, guarded: [token] }));
  if (!accepted) throw new UnusableSecret('upstream rejects it');
}

/** Returns whether a JWT's audience is upstream's host, with or without the port. */
function isUpstream(audience: string): boolean {
  const { host, hostname, port, protocol } = new URL(env.budgeaUrl());
  const defaultPort = protocol === 'https:' ? '443' : '80';
  return audience === host || audience === `${hostname}:${port === '' ? defaultPort : port}`;
}

const claims = v.object({ type: v.literal('manage_token'), aud: v.string(), scope: v.string(), exp: number });

/** Returns a manage JWT's claims without verifying the signature, which upstream does. Throws UnusableSecret. */
function readClaims(token: string): v.InferOutput<typeof claims> {
  try {
    return v.parse(claims, JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
  } catch {
    throw new UnusableSecret('it is not a manage JWT with an expiry time');
  }
}

/** The value of the secret `<env>/budgea/manage-token`. `expires_at` is in seconds since the epoch. */
export interface ManageToken {
  jwt_token: string;
  expires_at: number;
}

/** Creates a manage JWT with a lifetime in minutes. `budgea` has the admin token. Throws the client's errors. */
export async function mintManageToken(
  budgea: AuthenticationApi,
  { scope, minutes }: { scope: string; minutes: number },
): Promise<ManageToken> {
  const { jwt_token, payload } = await budgea.adminJwtPost({ scope, duration: minutes });
  return { jwt_token, expires_at: payload?.exp ?? Math.floor(now() / 1000) + minutes * 60 };
}

/** The largest id that the gateway forwards, which upstream never assigns. */
const unassignedId = '999999999999999999';

/** Returns whether upstream accepts a manage JWT for reading users. `budgea` has the JWT. Throws the client's errors when the result is unknown. */
export async function acceptsManageToken(budgea: AuthenticationApi): Promise<boolean> {
  try {
    await budgea.usersIdUserGet(unassignedId);
    return true;
  } catch (error) {
    // A response about any user proves that the token is accepted.
    if (error instanceof TransportError && error.failure === 'unexpected-user') return true;
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return true;
    if (error.status === 401 || error.status === 403) return false;
    throw error;
  }
}
