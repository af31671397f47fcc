import { isLoopback } from '../loopback.ts';

// What operators can set for a partner: its name, redirect URIs and grants. This file loads nothing of AWS.

/** Returns why a text is not a valid partner name, as a sentence, or undefined if it is valid. Names are printed on terminals. */
export function partnerNameProblem(text: string): string | undefined {
  if (/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u.test(text)) return undefined;
  return 'A name must be one line of 1 to 100 characters.';
}

// Schemes that browsers handle themselves. An application cannot own them.
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

/** Returns why a text cannot be registered as a redirect URI, as a sentence, or undefined if it can. */
export function redirectUriProblem(text: string): string | undefined {
  if (!/^[\x21-\x7e]{1,2048}$/.test(text) || !URL.canParse(text)) return 'A redirect URI must be an absolute URL.';
  const url = new URL(text);
  const { protocol, username, password } = url;
  if (text.includes('#')) return 'A redirect URI must not have a fragment.';
  if (text.includes('?')) return 'A redirect URI must not have a query: it is compared exactly.';
  if (username !== '' || password !== '') return 'A redirect URI must not have a user or a password.';
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:') {
    return isLoopback(url) ? undefined : 'A redirect URI must use https; http is allowed only for loopback.';
  }
  return dangerous.has(protocol) ? `A redirect URI must not use ${protocol}` : undefined;
}

/** The forms of a grant, for help texts and error messages. */
export const grantForms = [
  'users:all',
  'jwt:permanent',
  'jwt:scope:<scope>',
  'admin:jwt:<scope>:<longest duration in minutes>',
];

const grantFormat = /^(users:all|jwt:permanent|jwt:scope:[\w.:/*-]{1,64}|admin:jwt:[\w.:/*-]{1,64}:[1-9]\d{0,8})$/;

/** Returns whether a text is a valid grant. */
export function isGrant(text: string): boolean {
  return grantFormat.test(text);
}

/** Returns whether the grants allow a manage JWT with this scope and this lifetime in minutes. */
export function allowsAdminJwt(grants: readonly string[], scope: string, minutes: number): boolean {
  const prefix = `admin:jwt:${scope}:`;
  return grants.some((grant) => {
    const longest = grant.startsWith(prefix) ? grant.slice(prefix.length) : '';
    return /^\d+$/.test(longest) && minutes >= 1 && minutes <= Number(longest);
  });
}
