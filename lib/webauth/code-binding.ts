import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { ConditionFailed, table } from '../aws/table.ts';
import { now } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import { number } from '../numbers.ts';

// A code is bound to the client that it was issued to (RFC 6749, section 4.1.3). Upstream sees a single client, so the gateway binds each code
// in the callback, before the browser is redirected to the partner.

/** Lifetime of a binding, in seconds: that of upstream's temporary codes, which are issued earlier. */
const bindingLife = 1800;

// Not `owner`, which is the hash key of the index of users.
const binding = lazy(() => v.object({ bound_to: v.string(), expires_at: number }));

/** Items are keyed by the code's hash, so that the table contains no usable code. */
const codeItem = (code: string): string => `CODE#${createHash('sha256').update(code).digest('hex')}`;
const seconds = (): number => Math.floor(now() / 1000);

/**
 * Binds a code to the partner to whose redirect URI it is sent. The first binding wins. Throws GatewayError `invalidCode` when the code is bound
 * to another partner, and `unavailable` when it cannot be bound: an unbound code is not passed on.
 */
export async function bindCode(code: string, partner: string): Promise<void> {
  try {
    await table.put(
      { pk: codeItem(code), bound_to: partner, expires_at: seconds() + bindingLife },
      {
        text: 'attribute_not_exists(pk) OR bound_to = :partner OR expires_at <= :now',
        values: { ':partner': partner, ':now': seconds() },
      },
    );
  } catch (error) {
    if (error instanceof ConditionFailed) throw boundToAnother();
    throw new GatewayError('unavailable', { detail: 'the code cannot be bound to its partner', cause: error });
  }
}

/**
 * Returns whether the code is bound to the partner. An unbound code, such as one from `/auth/token/code`, can be used by any holder. Throws
 * GatewayError `invalidCode` for a code that is bound to another partner, and `unavailable` when the table cannot be read.
 */
export async function requireOwnCode(code: string, partner: string): Promise<boolean> {
  const item = await table.get(codeItem(code)).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the code’s binding cannot be read', cause });
  });
  if (item === undefined) return false;
  const { bound_to, expires_at } = v.parse(binding(), item);
  if (expires_at <= seconds()) return false;
  if (bound_to !== partner) throw boundToAnother();
  return true;
}

function boundToAnother(): GatewayError {
  return new GatewayError('invalidCode', { detail: 'the code is bound to another partner' });
}
