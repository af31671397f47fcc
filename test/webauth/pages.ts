import { createHash } from 'node:crypto';
import type { TestRequest, TestResponse } from '../invoke.ts';
import type { ResponseWithUpstream } from '../responses.ts';

/** An inspected error page. */
interface Page {
  status: number;
  faults: string[];
}

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Inspects an error page: it must not be cached or framed, and must not contain a script, a link or a redirect. */
export function inspectPage({ status, headers, text }: TestResponse): Page {
  const wrong = Object.entries(pageHeaders).filter(([name, value]) => headers[name] !== value);
  const faults = wrong.map(([name]) => `${name}: ${headers[name]}`);
  if (headers['content-security-policy'] !== policyFor(text)) faults.push('a wrong Content-Security-Policy');
  if (headers['location'] !== undefined) faults.push('a redirect');
  if (!text.startsWith('<!doctype html>\n<html lang="en">')) faults.push('no HTML page');
  if (!text.includes(`Request ${headers['x-request-id']}`)) faults.push('no request id');
  if (/<script|<a |<img|href|src=|http-equiv|\son\w+=/i.test(text)) faults.push('active content');
  if (showsAddress(text)) faults.push('an address');
  return { status, faults };
}

/** Returns the policy that allows only the page's style sheet. */
function policyFor(text: string): string {
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(text) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** The result of {@link inspectPage} for a correct error page. */
export const errorPage = (status: number): Page => ({ status, faults: [] });

/** Sends a request as a browser and as a JSON client, and inspects the page and the envelope. */
export async function inBothFormats(send: (request: TestRequest) => Promise<ResponseWithUpstream>) {
  const html = await send({ headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
  const json = await send({ headers: { accept: 'application/json' } });
  const { status, headers, text, body } = json;
  const faults = [headers['location'] === undefined ? [] : 'a redirect', showsAddress(text) ? 'an address' : []].flat();
  return {
    page: inspectPage(html),
    envelope: { status, code: (body as { code?: unknown } | undefined)?.code, faults },
    upstream: [...html.upstream, ...json.upstream],
  };
}

/** The result of {@link inBothFormats} for an error without a call to upstream. */
export const rejectedInBothFormats = (status: number, code: string) => ({
  page: errorPage(status),
  envelope: { status, code, faults: [] },
  upstream: [],
});

/** Returns whether a text contains one of the tests' addresses. */
function showsAddress(text: string): boolean {
  return /:\/\/|\.example|myapp|localhost/i.test(text);
}

/** Addresses that resemble `https://app.example/home`. None is registered. */
export const wrongAddresses: [what: string, address: string][] = [
  ['another host', 'https://evil.example/home'],
  ['a trailing slash', 'https://app.example/home/'],
  ['another path segment', 'https://app.example/home/evil'],
  ['no path', 'https://app.example'],
  ['a suffix', 'https://app.example/home.evil.example'],
  ['a query', 'https://app.example/home?next=https://evil.example'],
  ['an empty query', 'https://app.example/home?'],
  ['a fragment', 'https://app.example/home#evil'],
  ['a host in upper case', 'https://APP.example/home'],
  ['a path in upper case', 'https://app.example/HOME'],
  ['a scheme in upper case', 'HTTPS://app.example/home'],
  ['http', 'http://app.example/home'],
  ['no scheme', '//app.example/home'],
  ['only a path', '/home'],
  ['a port', 'https://app.example:443/home'],
  ['another port', 'https://app.example:8443/home'],
  ['the host as a user', 'https://app.example@evil.example/home'],
  ['a user', 'https://evil@app.example/home'],
  ['a subdomain', 'https://evil.app.example/home'],
  ['a longer host', 'https://app.example.evil.example/home'],
  ['a dot after the host', 'https://app.example./home'],
  ['a parent folder', 'https://app.example/evil/../home'],
  ['an encoded parent folder', 'https://app.example/evil/%2e%2e/home'],
  ['an encoded letter', 'https://app.example/%68ome'],
  ['an encoded slash', 'https://app.example%2Fhome'],
  ['backslashes', 'https:\\\\app.example\\home'],
  ['a backslash before the host', 'https://evil.example\\@app.example/home'],
  ['a trailing space', 'https://app.example/home '],
  ['a leading space', ' https://app.example/home'],
  ['a tab inside', 'https://app.exam\tple/home'],
  ['CRLF and a header', 'https://app.example/home\r\nSet-Cookie: a=b'],
  ['NUL', 'https://app.example/home\0'],
  ['a homograph host', 'https://app.exаmple/home'],
  ['a full-width dot', 'https://app．example/home'],
  ['a script', 'javascript:alert(1)//https://app.example/home'],
  ['data', 'data:text/html,<script>alert(1)</script>'],
  ['markup', '"><script>alert(1)</script>'],
  ['an application scheme', 'another-app://home'],
  ['two addresses', 'https://app.example/home https://evil.example'],
  ['a list', 'https://app.example/home,https://evil.example'],
  ['2049 characters', `https://app.example/${'a'.repeat(2029)}`],
];
