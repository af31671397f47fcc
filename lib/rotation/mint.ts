import { type AuthenticationApi, ApiError, TransportError } from '../budgea/authentication-api.ts';
import { now } from '../clock.ts';

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
