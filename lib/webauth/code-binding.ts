import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { ConditionFailed, table } from '../aws/table.ts';
import { now } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import { number } from '../numbers.ts';

// A code belongs to the client that it was issued to (RFC 6749, section 4.1.3). Upstream sees one client, so that a code that came home from
// the bank is bound here, before the browser takes it to the partner.

/** A binding holds this long, in seconds: as long as upstream's temporary codes, which are made before. */
const bindingLife = 1800;

// Not `owner`, by which the table's index counts a partner's users.
const binding = lazy(() => v.object({ bound_to: v.string(), expires_at: number }));

/** By its hash: whoever reads the table gets no code. */
const codeItem = (code: string): string => `CODE#${createHash('sha256').update(code).digest('hex')}`;
const seconds = (): number => Math.floor(now() / 1000);

/**
 * Binds a code to the partner to whose application it goes home; the first binding stands. Throws GatewayError `invalidCode` when it is
 * another partner's, and `unavailable` when it cannot be bound: an unbound code goes nowhere.
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
    if (error instanceof ConditionFailed) throw foreign();
    throw new GatewayError('unavailable', { detail: 'the code cannot be bound to its partner', cause: error });
  }
}

/**
 * Returns whether the code is bound to the partner. An unbound code, as from `/auth/token/code`, belongs to whoever holds it. Throws
 * GatewayError `invalidCode` for a code that is bound to another partner, and `unavailable` when the table cannot be read.
 */
export async function requireOwnCode(code: string, partner: string): Promise<boolean> {
  const item = await table.get(codeItem(code)).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the code’s binding cannot be read', cause });
  });
  if (item === undefined) return false;
  const { bound_to, expires_at } = v.parse(binding(), item);
  if (expires_at <= seconds()) return false;
  if (bound_to !== partner) throw foreign();
  return true;
}

function foreign(): GatewayError {
  return new GatewayError('invalidCode', { detail: 'the code is bound to another partner' });
}
