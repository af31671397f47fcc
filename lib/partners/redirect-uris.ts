import { GatewayError } from '../errors.ts';
import { evaluate } from './authenticate.ts';

/**
 * Throws GatewayError `invalidValue` unless the URI is registered for an active partner, compared exactly (RFC 9700, section 4.1.3). Only the
 * log names the registered URIs.
 */
export async function requireRegisteredUri(clientId: string, redirectUri: string): Promise<void> {
  let registered: readonly string[] | undefined;
  const isRegistered = await evaluate(clientId, (record) => {
    registered = record?.status === 'active' ? record.redirect_uris : undefined;
    return registered?.includes(redirectUri) || undefined;
  });
  if (isRegistered) return;
  const detail =
    registered === undefined
      ? 'the partner is unknown or disabled'
      : `the redirect URI is not one of the registered ${JSON.stringify(registered)}`;
  throw new GatewayError('invalidValue', {
    description: 'The redirect_uri is not registered for this client_id.',
    detail,
  });
}
