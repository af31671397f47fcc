import * as v from 'valibot';
import { lazy } from '../lazy.ts';
import { int, number } from '../numbers.ts';

/** A valid header value. */
const credential = lazy(() => v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/)));

/** `<env>/budgea/client-credentials`: the client credentials of the Budgea contract. */
export const clientCredentials = lazy(() =>
  v.object({
    client_id: v.pipe(v.union([int, v.pipe(v.string(), v.regex(/^\d{1,18}$/))]), v.transform(String)),
    client_secret: credential(),
  }),
);

/** `<env>/budgea/admin-token`: the admin manage token. */
export const adminToken = lazy(() => v.object({ token: credential() }));

/** `<env>/budgea/manage-token`: the current manage JWT; `expires_at` in seconds since the epoch. */
export const manageToken = lazy(() => v.object({ jwt_token: credential(), expires_at: number }));

/** Returns when the manage JWT in a secret's text expires, in milliseconds since the epoch, or undefined when the text is not valid. */
export function manageTokenExpiry(text: string | undefined): number | undefined {
  try {
    return v.parse(manageToken(), JSON.parse(text ?? '')).expires_at * 1000;
  } catch {
    // The parser's error is discarded, as its message can quote the secret.
    return undefined;
  }
}
