import { isLoopback } from '../loopback.ts';

// What operators can set for a partner: its name, redirect URIs and grants. Loads nothing of AWS.

/** Why a text cannot be a partner's name, which is shown on terminals: a sentence, or undefined when it can. */
export function partnerNameProblem(text: string): string | undefined {
  if (/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u.test(text)) return undefined;
  return 'A name has 1 to 100 characters and is one line.';
}

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

/** What a grant can say, as shown to whoever mistypes one. */
export const grantForms = [
  'users:all',
  'jwt:permanent',
  'jwt:scope:<scope>',
  'admin:jwt:<scope>:<longest duration in minutes>',
];

const grantFormat = /^(users:all|jwt:permanent|jwt:scope:[\w.:/*-]{1,64}|admin:jwt:[\w.:/*-]{1,64}:[1-9]\d{0,8})$/;

/** Whether a text is a grant. */
export function isGrant(text: string): boolean {
  return grantFormat.test(text);
}

/** Whether the grants allow a manage JWT of this scope for this many minutes. */
export function allowsAdminJwt(grants: readonly string[], scope: string, minutes: number): boolean {
  const prefix = `admin:jwt:${scope}:`;
  return grants.some((grant) => {
    const longest = grant.startsWith(prefix) ? grant.slice(prefix.length) : '';
    return /^\d+$/.test(longest) && minutes >= 1 && minutes <= Number(longest);
  });
}
