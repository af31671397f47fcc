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

/** A JWT outlives a rotation that fails twice. */
const intervals = 3;
/** The shortest life worth minting, in minutes, however short the interval is. */
const shortestLife = 15;

/** How long a new JWT is to live, in minutes: three rotation intervals. Never 0, which would be for ever. */
export function manageTokenMinutes(): number {
  const minutes = Math.max(shortestLife, Math.ceil(intervals * env.rotationMinutes()));
  // JSON would make null of it, and upstream a minute of that.
  if (!Number.isFinite(minutes)) throw new JobError('ROTATION_MINUTES is not a number');
  return minutes;
}

/** The manage JWT: minted with the admin token, and tried at upstream before it is used. */
export const manageTokenRotation: Rotation<ManageToken> = {
  schema: manageToken(),
  create: (_current, invocation) =>
    signed(invocation, 'admin-token', (budgea: AuthenticationApi) =>
      mintManageToken(budgea, { scope: env.manageScope(), minutes: manageTokenMinutes() }),
    ),
  async test({ jwt_token, expires_at }, invocation) {
    const { aud, scope, exp } = readPayload(jwt_token);
    if (!namesUpstream(aud)) throw new UnusableSecret('it is for another host');
    if (scope !== env.manageScope()) throw new UnusableSecret('it has another scope');
    if (Math.min(exp, expires_at) - now() / 1000 < (manageTokenMinutes() * 60) / intervals) {
      throw new UnusableSecret('it would not live until the next rotation');
    }
    await checkAtUpstream(jwt_token, invocation);
  },
};

async function checkAtUpstream(token: string, invocation: Invocation): Promise<void> {
  const accepted = await acceptsManageToken(budgeaClient(invocation, { token, guarded: [token] }));
  if (!accepted) throw new UnusableSecret('upstream rejects it');
}

/** A JWT's audience is upstream's host, with its port or without. */
function namesUpstream(audience: string): boolean {
  const { host, hostname, port, protocol } = new URL(env.budgeaUrl());
  const usual = protocol === 'https:' ? '443' : '80';
  return audience === host || audience === `${hostname}:${port === '' ? usual : port}`;
}

const payload = v.object({ type: v.literal('manage_token'), aud: v.string(), scope: v.string(), exp: number });

/** What the JWT says of itself; its signature is upstream's to check. */
function readPayload(token: string): v.InferOutput<typeof payload> {
  try {
    return v.parse(payload, JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
  } catch {
    throw new UnusableSecret('it is not a manage JWT that expires');
  }
}

/** The value of `<env>/budgea/manage-token`; `expires_at` in seconds since the epoch. */
export interface ManageToken {
  jwt_token: string;
  expires_at: number;
}

/** Mints a manage JWT that lives `minutes`; `budgea` carries the admin token. Throws what the client throws. */
export async function mintManageToken(
  budgea: AuthenticationApi,
  { scope, minutes }: { scope: string; minutes: number },
): Promise<ManageToken> {
  const { jwt_token, payload } = await budgea.adminJwtPost({ scope, duration: minutes });
  return { jwt_token, expires_at: payload?.exp ?? Math.floor(now() / 1000) + minutes * 60 };
}

/** An id that upstream never gives: the largest that the gateway passes. */
const nobody = '999999999999999999';

/** Whether upstream takes a manage JWT for reading users; `budgea` carries it. Throws when upstream does not say. */
export async function acceptsManageToken(budgea: AuthenticationApi): Promise<boolean> {
  try {
    await budgea.usersIdUserGet(nobody);
    return true;
  } catch (error) {
    // A token that is accepted is accepted, whatever the answer says of the user.
    if (error instanceof TransportError && error.failure === 'unexpected-user') return true;
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return true;
    if (error.status === 401 || error.status === 403) return false;
    throw error;
  }
}
