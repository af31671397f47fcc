import type { Budgea } from './budgea.ts';
import { invalid } from './parameters.ts';

/** Throws `invalidValue` unless the URI is on the console's whitelist, to the letter, and carries no query. */
export function requireWhitelisted(budgea: Budgea, redirectUri: string): void {
  if (redirectUri.includes('?') || !budgea.redirectUris.includes(redirectUri)) throw invalid('redirect_uri');
}
