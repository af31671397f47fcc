import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redirectUriProblem } from '#lib/partners/settings.ts';

test.each([
  'https://example.com',
  'https://example.com/callback',
  'https://example.com:8443/a/b;c=1',
  'https://xn--bcher-kva.example/%20',
  'http://localhost:3000/home',
  'http://127.0.0.1/home',
  'http://[::1]:8080/',
  'com.example.app:/oauth',
  'com.example.app://oauth/back',
  'myapp://callback',
])('%s can be registered', (uri) => {
  expect(redirectUriProblem(uri)).toBeUndefined();
});

describe('cannot be registered:', () => {
  test.each([
    ['nothing', ''],
    ['a path', '/callback'],
    ['a host without a scheme', 'example.com/callback'],
    ['a relative address', '//example.com/callback'],
    ['a fragment', 'https://example.com/#a'],
    ['an empty fragment', 'https://example.com/#'],
    ['a query', 'https://example.com/?a=1'],
    ['an empty query', 'https://example.com/?'],
    ['a user', 'https://user@example.com/'],
    ['a password', 'https://:secret@example.com/'],
    ['plain http', 'http://example.com/callback'],
    ['a host that starts with localhost', 'http://localhost.example.com/'],
    ['localhost as a user', 'http://localhost@example.com/'],
    ['localhost after a backslash', 'http://example.com\\@localhost/'],
    ['a host that starts with a loopback address', 'http://127.0.0.1.example.com/'],
    ['white space', 'https://example.com/a b'],
    ['a line break', 'https://example.com/\r\nset-cookie: a=b'],
    ['a tab that browsers remove', 'java\tscript:alert(1)'],
    ['non-ASCII letters', 'https://exämple.com/'],
    ['more than 2,048 characters', `https://example.com/${'a'.repeat(2048)}`],
  ])('%s', (_what, uri) => {
    expect(redirectUriProblem(uri)).toMatch(/^A redirect URI .*\.$/);
  });

  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,hello',
    'vbscript:msgbox(1)',
    'file:///etc/passwd',
    'blob:https://example.com/1',
    'about:blank',
    'ftp://example.com/',
    'ws://example.com/',
    'wss://example.com/',
    'mailto:user@example.com',
    'tel:123',
    'filesystem:https://example.com/temporary/',
    'view-source:https://example.com/',
    'intent://scan/',
    'chrome://settings/',
  ])('a scheme that browsers handle themselves: %s', (uri) => {
    expect(redirectUriProblem(uri)).toMatch(/^A redirect URI /);
  });
});

test('any URI that can be registered is a valid Location without query, fragment and user', () => {
  const pieces = ['https:', 'http:', 'app:', 'javascript:', '//', '/', '\\', 'localhost', '127.0.0.1', 'example.com'];
  const marks = [':', '@', '?', '#', '%0a', '%23', '.', ' ', '\n', '\t', '\0', 'é', '[::1]', '8080'];
  const uris = fc.array(fc.constantFrom(...pieces, ...marks), { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(uris, (uri) => {
      fc.pre(redirectUriProblem(uri) === undefined);
      const { search, hash, username, password, protocol, hostname } = new URL(uri);
      expect([search, hash, username, password]).toEqual(['', '', '', '']);
      expect(protocol).not.toBe('javascript:');
      expect(protocol !== 'http:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)).toBe(true);
      expect(uri).toMatch(/^[\x21-\x7e]+$/);
    }),
    { numRuns: 300, maxSkipsPerRun: 1000 },
  );
});
