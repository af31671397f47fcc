import type { CallEvent, Signed, UpstreamCall } from './events.ts';

/** What a call upstream was signed with, told by the names in it and by whose call it is for. */
export function signedWith(
  { path, fields, headers }: Pick<UpstreamCall, 'path' | 'fields' | 'headers'>,
  { operation, kind }: Pick<CallEvent, 'operation' | 'kind'>,
): Signed {
  if (fields.includes('client_secret')) return 'client-credentials';
  if (!headers.includes('authorization')) return 'nothing';
  if (kind === 'token') return 'caller';
  // Signed by the gateway, these two speak for the user that the call has just made, or whose code it has just spent.
  if (path === '/2.0/users/me' || path === '/2.0/auth/token') return 'new-user';
  return operation === 'admin_jwt_post' ? 'admin-token' : 'manage-token';
}
