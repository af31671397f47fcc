import { GatewayError } from '../errors.ts';
import { isLoopback } from '../loopback.ts';
import { evaluate } from './authenticate.ts';

// Schemes that a browser acts on by itself; an application's own scheme is none of them.
const dangerous = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'ftp:',
  'ws:',
  'wss:',
  'mailto:',
  'tel:',
  'filesystem:',
  'view-source:',
  'intent:',
  'chrome:',
]);

/** Why a text cannot be registered as a redirect URI: a sentence, or undefined when it can. */
export function redirectUriProblem(text: string): string | undefined {
  if (!/^[\x21-\x7e]{1,2048}$/.test(text) || !URL.canParse(text)) return 'A redirect URI is an absolute URL.';
  const url = new URL(text);
  const { protocol, username, password } = url;
  if (text.includes('#')) return 'A redirect URI has no fragment.';
  if (text.includes('?')) return 'A redirect URI has no query: it is compared exactly.';
  if (username !== '' || password !== '') return 'A redirect URI has no user or password.';
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:') {
    return isLoopback(url) ? undefined : 'A redirect URI is https; http is for loopback alone.';
  }
  return dangerous.has(protocol) ? `A redirect URI cannot use ${protocol}` : undefined;
}

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
