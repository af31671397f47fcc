import { createHash } from 'node:crypto';
import type { Answer, TestRequest } from '../invoke.ts';
import type { Watched } from '../refused.ts';

/** A refusal as a person at a browser sees it. */
interface Page {
  status: number;
  /** What is wrong with it as a page. */
  faults: string[];
}

const headersOfPages = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Looks whether an answer is a plain page that nothing may cache or frame, and that sends nobody anywhere. */
export function asPage({ status, headers, text }: Answer): Page {
  const wrong = Object.entries(headersOfPages).filter(([name, value]) => headers[name] !== value);
  const faults = wrong.map(([name]) => `${name}: ${headers[name]}`);
  if (headers['content-security-policy'] !== policyFor(text))
    faults.push('a policy that allows more, or forbids the style');
  if (headers['location'] !== undefined) faults.push('a redirect');
  if (!text.startsWith('<!doctype html>\n<html lang="en">')) faults.push('no page');
  if (!text.includes(`Request ${headers['x-request-id']}`)) faults.push('no request id');
  if (/<script|<a |<img|href|src=|http-equiv|\son\w+=/i.test(text)) faults.push('something that acts or loads');
  if (showsAddress(text)) faults.push('an address');
  return { status, faults };
}

/** Allows the page's own style sheet alone. */
function policyFor(text: string): string {
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(text) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** A page that refuses as it should. */
export const page = (status: number): Page => ({ status, faults: [] });

/** The same refusal for a person and for a program, and what upstream was asked for both. */
export async function bothShapes(ask: (request: TestRequest) => Promise<Watched>) {
  const forPerson = await ask({ headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
  const forProgram = await ask({ headers: { accept: 'application/json' } });
  const { status, headers, text, body } = forProgram;
  const faults = [headers['location'] === undefined ? [] : 'a redirect', showsAddress(text) ? 'an address' : []].flat();
  return {
    page: asPage(forPerson),
    envelope: { status, code: (body as { code?: unknown } | undefined)?.code, faults },
    upstream: [...forPerson.upstream, ...forProgram.upstream],
  };
}

/** What bothShapes finds when both refuse as they should, by the gateway alone. */
export const refusedInBothShapes = (status: number, code: string) => ({
  page: page(status),
  envelope: { status, code, faults: [] },
  upstream: [],
});

/** Whether a text shows where anyone could be sent: the tests' addresses are all of these. */
function showsAddress(text: string): boolean {
  return /:\/\/|\.example|myapp|localhost/i.test(text);
}

/** Addresses that look like `https://app.example/home` or lead elsewhere by a trick; none is registered. */
export const wrongAddresses: [what: string, address: string][] = [
  ['elsewhere', 'https://evil.example/home'],
  ['a slash more', 'https://app.example/home/'],
  ['a folder more', 'https://app.example/home/evil'],
  ['a slash less', 'https://app.example'],
  ['something behind', 'https://app.example/home.evil.example'],
  ['a query', 'https://app.example/home?next=https://evil.example'],
  ['an empty query', 'https://app.example/home?'],
  ['a fragment', 'https://app.example/home#evil'],
  ['a host in capitals', 'https://APP.example/home'],
  ['a path in capitals', 'https://app.example/HOME'],
  ['a scheme in capitals', 'HTTPS://app.example/home'],
  ['http', 'http://app.example/home'],
  ['no scheme', '//app.example/home'],
  ['a path alone', '/home'],
  ['a port', 'https://app.example:443/home'],
  ['another port', 'https://app.example:8443/home'],
  ['a user', 'https://app.example@evil.example/home'],
  ['a user before', 'https://evil@app.example/home'],
  ['a subdomain', 'https://evil.app.example/home'],
  ['a longer host', 'https://app.example.evil.example/home'],
  ['a dot behind the host', 'https://app.example./home'],
  ['the parent', 'https://app.example/evil/../home'],
  ['the parent, encoded', 'https://app.example/evil/%2e%2e/home'],
  ['an encoded letter', 'https://app.example/%68ome'],
  ['an encoded slash', 'https://app.example%2Fhome'],
  ['backslashes', 'https:\\\\app.example\\home'],
  ['a backslash for the host’s end', 'https://evil.example\\@app.example/home'],
  ['a space behind', 'https://app.example/home '],
  ['a space before', ' https://app.example/home'],
  ['a tab inside', 'https://app.exam\tple/home'],
  ['CRLF and a header', 'https://app.example/home\r\nSet-Cookie: a=b'],
  ['NUL', 'https://app.example/home\0'],
  ['a host that looks alike', 'https://app.exаmple/home'],
  ['a full-width dot', 'https://app．example/home'],
  ['a script', 'javascript:alert(1)//https://app.example/home'],
  ['data', 'data:text/html,<script>alert(1)</script>'],
  ['markup', '"><script>alert(1)</script>'],
  ['an application scheme', 'another-app://home'],
  ['two addresses', 'https://app.example/home https://evil.example'],
  ['a list', 'https://app.example/home,https://evil.example'],
  ['2049 characters', `https://app.example/${'a'.repeat(2029)}`],
];
