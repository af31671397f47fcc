import * as v from 'valibot';
import { ApiError, AuthenticationApi, Configuration, TransportError } from '#lib/budgea/authentication-api.ts';
import { mintManageToken } from '#lib/rotation/manage-token.ts';
import type { Budgea } from './budgea.ts';

/** What Budgea makes of a credential; `unknown` when it did not say. `because` is safe to show. */
export interface Verdict {
  outcome: 'accepted' | 'refused' | 'unknown';
  because: string;
}

/** Mints a manage JWT that lives a minute, and forgets it: nothing else tells an admin token from another one. */
export async function tryAdminToken({ token }: Record<string, string>, { url, scope }: Budgea): Promise<Verdict> {
  const budgea = new AuthenticationApi(new Configuration({ basePath: url, apiKey: token, apiKeyPrefix: 'Bearer' }));
  return judge(mintManageToken(budgea, { scope, minutes: 1 }), ({ status }) => {
    return status === 401 || status === 403 ? 'refused' : 'unknown';
  });
}

/** Shorter than any temporary code, and than a user's token, which counts as one. */
const noCode = 'none';

/**
 * Offers a code that cannot exist: Budgea tells the client's credentials from the code, whichever it finds wanting, and neither makes a user
 * nor spends anything. Source: RFC 6749 §5.2, `invalid_client` and `invalid_grant`.
 */
export async function tryClientCredentials(
  { client_id = '', client_secret = '' }: Record<string, string>,
  { url }: Budgea,
): Promise<Verdict> {
  const budgea = new AuthenticationApi(new Configuration({ basePath: url }));
  return judge(budgea.authTokenAccessPost(client_id, client_secret, noCode), (error) => {
    const codes = new Set([error.code, oauthCode(error)]);
    if (error.status === 401 || codes.has('invalidClient') || codes.has('invalid_client')) return 'refused';
    return codes.has('invalidCode') || codes.has('invalid_grant') ? 'accepted' : 'unknown';
  });
}

async function judge(call: Promise<unknown>, read: (error: ApiError) => Verdict['outcome']): Promise<Verdict> {
  try {
    await call;
    return { outcome: 'accepted', because: 'it did what was asked' };
  } catch (error) {
    if (error instanceof TransportError) return { outcome: 'unknown', because: `no usable answer: ${error.failure}` };
    if (!(error instanceof ApiError)) throw error;
    const because = ['it answered', error.status, error.code].filter((word) => word !== undefined).join(' ');
    return { outcome: read(error), because };
  }
}

const oauthError = v.object({ error: v.string() });

function oauthCode({ body }: ApiError): string | undefined {
  const parsed = v.safeParse(oauthError, body);
  return parsed.success ? parsed.output.error : undefined;
}
