import type { Recording } from '../record.ts';
import { temporaryCode, type User } from './common.ts';

/** Records the way of a browser over the bank and home, for somebody who says yes and for somebody who says no. */
export async function recordWebauth(recording: Recording, user: User): Promise<void> {
  await visitBank(recording, user, { decision: 'approve', name: 'approved', summary: 'The person connected a bank' });
  await visitBank(recording, user, { decision: 'refuse', name: 'refused', summary: 'The person refused at the bank' });
}

async function visitBank(
  { call, stack: { partner, gateway } }: Recording,
  { token }: User,
  { decision, name, summary }: { decision: string; name: string; summary: string },
): Promise<void> {
  const { client_id, redirect_uri } = partner;
  const { body } = await call(temporaryCode(token));
  const { location } = await call({
    operation: 'webauth_get',
    status: 302,
    name: 'connect',
    summary: 'On to the bank, for a user whom the partner has',
    caller: 'anonymous',
    query: { client_id, redirect_uri, state: 'A-STATE-OF-YOURS', token: String(body['code']) },
  });
  const decided = await fetch(location, {
    method: 'POST',
    body: new URLSearchParams({ decision }),
    redirect: 'manual',
  });
  const back = new URL(decided.headers.get('location') ?? '');
  if (!back.href.startsWith(gateway)) throw new Error('the bank sends the browser elsewhere');
  const query = Object.fromEntries(back.searchParams);
  await call({ operation: 'webauth_callback_get', status: 302, name, summary, caller: 'anonymous', query });
}
