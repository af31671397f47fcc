import * as v from 'valibot';
import { ApiError, AuthenticationApi, Configuration, TransportError } from '#lib/budgea/authentication-api.ts';
import { mintManageToken } from '#lib/rotation/manage-token.ts';
import type { Budgea } from './budgea.ts';

/** Whether Budgea accepts a credential, `unknown` if it neither accepts nor rejects it; `reason` contains no secret. */
export interface Verification {
  outcome: 'accepted' | 'rejected' | 'unknown';
  reason: string;
}

/** Mints a manage JWT that lives one minute and discards it: no other call distinguishes an admin token from other tokens. */
export async function verifyAdminToken(
  { token }: Record<string, string>,
  { url, scope }: Budgea,
): Promise<Verification> {
  const budgea = new AuthenticationApi(new Configuration({ basePath: url, apiKey: token, apiKeyPrefix: 'Bearer' }));
  return verify(mintManageToken(budgea, { scope, minutes: 1 }), ({ status }) =>
    status === 401 || status === 403 ? 'rejected' : 'unknown',
  );
}

/** Shorter than any temporary code, and than a user's token, which is accepted as one. */
const invalidCode = 'none';

/**
 * Exchanges a code that cannot exist: Budgea reports whether it rejects the credentials or the code, and the call neither creates a user nor
 * spends a code. Source: RFC 6749 §5.2, `invalid_client` and `invalid_grant`.
 */
export async function verifyClientCredentials(
  { client_id = '', client_secret = '' }: Record<string, string>,
  { url }: Budgea,
): Promise<Verification> {
  const budgea = new AuthenticationApi(new Configuration({ basePath: url }));
  return verify(budgea.authTokenAccessPost(client_id, client_secret, invalidCode), (error) => {
    const codes = new Set([error.code, oauthCode(error)]);
    if (error.status === 401 || codes.has('invalidClient') || codes.has('invalid_client')) return 'rejected';
    return codes.has('invalidCode') || codes.has('invalid_grant') ? 'accepted' : 'unknown';
  });
}

async function verify(
  call: Promise<unknown>,
  outcomeOf: (error: ApiError) => Verification['outcome'],
): Promise<Verification> {
  try {
    await call;
    return { outcome: 'accepted', reason: 'the call succeeded' };
  } catch (error) {
    if (error instanceof TransportError) return { outcome: 'unknown', reason: `no usable answer: ${error.failure}` };
    if (!(error instanceof ApiError)) throw error;
    const reason = ['it answered', error.status, error.code].filter((part) => part !== undefined).join(' ');
    return { outcome: outcomeOf(error), reason };
  }
}

const oauthError = v.object({ error: v.string() });

function oauthCode({ body }: ApiError): string | undefined {
  const parsed = v.safeParse(oauthError, body);
  return parsed.success ? parsed.output.error : undefined;
}
