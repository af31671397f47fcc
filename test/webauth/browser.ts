import { authorization, form, type Gateway } from '../gateway.ts';
import type { Answer } from '../invoke.ts';

/** What a person does at the bank's page. */
export type Decision = 'approve' | 'refuse';

/** Where a browser went: each address that it was sent to, the application's last. */
export interface Visit {
  /** The gateway's first answer. */
  start: Answer;
  /** The bank's page. */
  page: string;
  /** The gateway's callback, as the bank sends the browser there. */
  callback: string;
  /** The gateway's last answer. */
  end: Answer;
  /** Where the application is told what became of it. */
  home: URL;
}

/** Goes through webauth as a browser does, over HTTP, following each redirect and sending the page's form. */
export async function visit(
  gateway: Gateway,
  query: Readonly<Record<string, string>>,
  decision: Decision,
): Promise<Visit> {
  const start = await gateway.ask.http('GET', `/webauth?${new URLSearchParams(query).toString()}`);
  const page = targetOf(start);
  const callback = await decide(page, decision);
  const end = await gateway.ask.http('GET', pathOf(gateway, callback));
  return { start, page, callback, end, home: new URL(targetOf(end)) };
}

/** Loads the bank's page and sends its form; gives where the browser is sent. */
export async function decide(page: string, decision: Decision): Promise<string> {
  const shown = await (await fetch(page)).text();
  if (!shown.includes(`<form method="post">`) || !shown.includes(`<button name="decision" value="${decision}">`)) {
    throw new Error('the bank does not ask');
  }
  const { headers, body } = form({ decision });
  const sent = await fetch(page, { method: 'POST', headers, body, redirect: 'manual' });
  return sent.headers.get('location') ?? '';
}

/** The target of a redirect. */
export function targetOf({ status, headers }: Answer): string {
  if (status !== 302) throw new Error(`not a redirect but ${status}`);
  return headers['location'] ?? '';
}

/** An address of the gateway's, relative to its `/2.0`. */
export function pathOf({ file }: Gateway, address: string): string {
  if (!address.startsWith(`${file.gateway}/`)) throw new Error('not an address of the gateway');
  return address.slice(file.gateway.length);
}

/** A temporary code of the token's user. */
export async function codeOf(gateway: Gateway, token: string): Promise<string> {
  const { body } = await gateway.ask.http('GET', '/auth/token/code', authorization(token));
  return (body as { code: string }).code;
}

/** Connects the token's user to a bank, as the demo partner; gives the connection's id. */
export async function connect(gateway: Gateway, token: string): Promise<string> {
  const { client_id, redirect_uri } = gateway.file.partner;
  const code = await codeOf(gateway, token);
  const { home } = await visit(gateway, { client_id, redirect_uri, token: code, state: 's' }, 'approve');
  return home.searchParams.get('id_connection') ?? '';
}

/** The connections of the token's user, as the sandbox has them. */
export async function connectionsOf(gateway: Gateway, token: string): Promise<{ id: number; id_connector: number }[]> {
  const { body } = await gateway.sandbox('GET', '/users/me?expand=connections', authorization(`Bearer ${token}`));
  return (body as { connections: { id: number; id_connector: number }[] }).connections;
}
