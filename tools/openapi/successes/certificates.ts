import type { Recording } from '../record.ts';
import { callersOf, withToken, type User } from './common.ts';

/** Records how a certificate is got, by each kind of caller. */
export async function recordCertificates({ call, stack }: Recording, { token }: User): Promise<void> {
  const { basic, bearer_key: manager, api_key: identified } = callersOf(stack.partner);
  const path = { type: stack.certificate_types[0] ?? '' };
  const get = { operation: 'certificate_type_get', status: 200, path } as const;
  const kept = 'The copy that the gateway keeps';
  await call({ ...get, ...basic, name: 'client', summary: `${kept}, with HTTP Basic` });
  await call({ ...get, ...manager, name: 'bearer_key', summary: `${kept}, by the key in Authorization` });
  await call({ ...get, ...identified, name: 'api_key', summary: `${kept}, by the key in x-api-key` });
  await call({ ...get, ...withToken(token), name: 'token', summary: 'The banking API’s own answer' });
}
