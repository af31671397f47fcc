import { GatewayError } from '../errors.ts';
import { evaluate } from './authenticate.ts';

/**
 * Lets a registered redirect URI of an active partner through, compared exactly (RFC 9700, section 4.1.3). Throws GatewayError
 * `invalidValue`; the log alone says which URIs are registered.
 */
export async function requireRegisteredUri(clientId: string, redirectUri: string): Promise<void> {
  let registered: readonly string[] | undefined;
  const fits = await evaluate(clientId, (record) => {
    registered = record?.status === 'active' ? record.redirect_uris : undefined;
    return registered?.includes(redirectUri) || undefined;
  });
  if (fits) return;
  const detail =
    registered === undefined
      ? 'the partner is unknown or disabled'
      : `the redirect URI is not one of the registered ${JSON.stringify(registered)}`;
  throw new GatewayError('invalidValue', {
    description: 'The redirect_uri is not registered for this client_id.',
    detail,
  });
}
