import { isLoopback } from '../loopback.ts';

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
export function redirectUriFault(text: string): string | undefined {
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
