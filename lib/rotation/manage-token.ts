import * as v from 'valibot';
import type { AuthenticationApi } from '../budgea/authentication-api.ts';
import { now } from '../clock.ts';
import { env } from '../env.ts';
import { Refused } from '../errors.ts';
import type { Invocation } from '../http/call.ts';
import { budgeaFor } from '../http/upstream.ts';
import { number } from '../schemas/numbers.ts';
import { manageToken } from '../secrets.ts';
import { signed } from '../signing.ts';
import { acceptsManageToken, mintManageToken, type ManageToken } from './mint.ts';
import { Unusable, type Rotation } from './rotate.ts';

/** A JWT outlives a rotation that fails twice. */
const intervals = 3;
/** The shortest life worth minting, in minutes, however short the interval is. */
const shortestLife = 15;

/** How long a new JWT is to live, in minutes: three rotation intervals. Never 0, which would be for ever. */
export function manageMinutes(): number {
  const minutes = Math.max(shortestLife, Math.ceil(intervals * env.rotationMinutes()));
  // JSON would make null of it, and upstream a minute of that.
  if (!Number.isFinite(minutes)) throw new Refused('ROTATION_MINUTES is not a number');
  return minutes;
}

/** The manage JWT: minted with the admin token, and tried at upstream before it is used. */
export const manageTokenRotation: Rotation<ManageToken> = {
  schema: manageToken(),
  create: (_current, invocation) =>
    signed(invocation, 'admin-token', (budgea: AuthenticationApi) =>
      mintManageToken(budgea, { scope: env.manageScope(), minutes: manageMinutes() }),
    ),
  async test({ jwt_token, expires_at }, invocation) {
    const { aud, scope, exp } = readPayload(jwt_token);
    if (!namesUpstream(aud)) throw new Unusable('it is for another host');
    if (scope !== env.manageScope()) throw new Unusable('it has another scope');
    if (Math.min(exp, expires_at) - now() / 1000 < (manageMinutes() * 60) / intervals) {
      throw new Unusable('it would not live until the next rotation');
    }
    await checkAtUpstream(jwt_token, invocation);
  },
};

async function checkAtUpstream(token: string, invocation: Invocation): Promise<void> {
  const accepted = await acceptsManageToken(budgeaFor(invocation, { token, guarded: [token] }));
  if (!accepted) throw new Unusable('upstream rejects it');
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
    throw new Unusable('it is not a manage JWT that expires');
  }
}
