import { expect } from 'vitest';
import type { Answer } from '../invoke.ts';

/** A refusal for a person at a browser: a plain page that nothing may cache or frame, and that sends nobody anywhere. */
export function expectPage(answer: Answer, status: number): void {
  expect(answer).toMatchObject({
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    },
  });
  expect(answer.headers).not.toHaveProperty('location');
  expect(answer.text).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(answer.text).toContain(`Request ${answer.headers['x-request-id']}`);
  // No address, no script, nothing that loads.
  expect(answer.text).not.toMatch(/:\/\/|<script|<a |<img|href|src=|http-equiv|\son\w+=/i);
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
