import { bearer, form, type Gateway } from '../gateway.ts';
import type { TestResponse } from '../invoke.ts';

/** The user's decision on the bank's page. */
export type Decision = 'approve' | 'refuse';

/** The steps of a webauth round trip. */
export interface Visit {
  /** The gateway's response to `GET /webauth`. */
  start: TestResponse;
  /** The URL of the bank's page. */
  page: string;
  /** The URL of the gateway's callback, to which the bank redirects. */
  callback: string;
  /** The gateway's response to the callback. */
  end: TestResponse;
  /** The partner's redirect URI with the result. */
  result: URL;
}

/** Runs a webauth round trip over HTTP: follows each redirect and submits the form of the bank's page. */
export async function visit(
  gateway: Gateway,
  query: Readonly<Record<string, string>>,
  decision: Decision,
): Promise<Visit> {
  const start = await gateway.call.http('GET', `/webauth?${new URLSearchParams(query).toString()}`);
  const page = locationOf(start);
  const callback = await decide(page, decision);
  const end = await gateway.call.http('GET', pathOf(gateway, callback));
  return { start, page, callback, end, result: new URL(locationOf(end)) };
}

/** Loads the bank's page and submits its form. Returns the URL to which the bank redirects. */
export async function decide(page: string, decision: Decision): Promise<string> {
  const html = await (await fetch(page)).text();
  if (!html.includes(`<form method="post">`) || !html.includes(`<button name="decision" value="${decision}">`)) {
    throw new Error('the page has no form for the decision');
  }
  const { headers, body } = form({ decision });
  const submitted = await fetch(page, { method: 'POST', headers, body, redirect: 'manual' });
  return submitted.headers.get('location') ?? '';
}

/** Returns the target of a redirect. */
export function locationOf({ status, headers }: TestResponse): string {
  if (status !== 302) throw new Error(`not a redirect but ${status}`);
  return headers['location'] ?? '';
}

/** Returns the path of a URL of the gateway, relative to `/2.0`. */
export function pathOf({ file }: Gateway, url: string): string {
  if (!url.startsWith(`${file.gateway}/`)) throw new Error('not a URL of the gateway');
  return url.slice(file.gateway.length);
}

/** Connects the token's user to a bank, as the demo partner. */
export async function connect(gateway: Gateway, token: string): Promise<void> {
  const { client_id, redirect_uri } = gateway.file.partner;
  const code = await gateway.newCode(token);
  await visit(gateway, { client_id, redirect_uri, token: code, state: 's' }, 'approve');
}

/** Returns the connections of the token's user in the sandbox. */
export async function connectionsOf(gateway: Gateway, token: string): Promise<{ id: number; id_connector: number }[]> {
  const { body } = await gateway.sandbox('GET', '/users/me?expand=connections', bearer(token));
  return (body as { connections: { id: number; id_connector: number }[] }).connections;
}
