import { sealingKeyRotation } from '#lib/rotation/sealing-key.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { newInvocation } from './invocation.ts';
import { dropPending } from './rotation.ts';
import { requireState } from './state.ts';
import { storeSecret } from './store.ts';

/**
 * Puts new sealing keys in the place of all that there were, so that nothing opens any more that was sealed with one of them; gives their
 * version. A rotation would keep two of the old ones for the round trips that are under way. Throws Refusal.
 */
export async function replaceSealingKeys(session: Session): Promise<{ fullName: string; version_id: string }> {
  const before = await requireState(session, 'sealing-keys');
  // What a rotation is making holds old keys as well.
  await dropPending(session, before, 'any');
  const keys = await sealingKeyRotation.create(undefined, newInvocation());
  const { fullName } = before;
  const { version_id = '' } = await storeSecret(fullName, JSON.stringify(keys), { create: false });
  // The version that was in use keeps the label of its own rotation, and no other begins as long as it does.
  await dropPending(session, await requireState(session, 'sealing-keys'), 'any');
  const { current } = await requireState(session, 'sealing-keys');
  if (current?.id === version_id) return { fullName, version_id };
  throw new Refusal('A rotation came in between, and may have put old keys back. Run the command again.');
}
