import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowsAdminJwt, isGrant } from '#lib/partners/settings.ts';

describe('isGrant', () => {
  test.each(['users:all', 'jwt:permanent', 'jwt:scope:config', 'admin:jwt:config:1', 'admin:jwt:payments:admin:60'])(
    'accepts %s',
    (grant) => expect(isGrant(grant)).toBe(true),
  );

  test.each([
    '',
    'users',
    'users:all ',
    'users:ALL',
    'users:all\n',
    'jwt:scope:',
    'jwt:scope:a b',
    `jwt:scope:${'a'.repeat(65)}`,
    'admin:jwt:config',
    'admin:jwt:config:',
    'admin:jwt:config:0',
    'admin:jwt:config:01',
    'admin:jwt:config:-1',
    'admin:jwt:config:1.5',
    'admin:jwt:config:1e3',
    'admin:jwt::60',
    'admin:jwt:config:1234567890',
    '*',
  ])('rejects %j', (grant) => expect(isGrant(grant)).toBe(false));
});

describe('allowsAdminJwt', () => {
  const scopes = fc.stringMatching(/^[\w.:/*-]{1,64}$/);
  const minutes = fc.integer({ min: 1, max: 999_999_999 });

  test('allows only the granted scope, up to the granted duration', () => {
    fc.assert(
      fc.property(scopes, scopes, minutes, minutes, (granted, requested, maximum, duration) => {
        const allowed = allowsAdminJwt([`admin:jwt:${granted}:${maximum}`], requested, duration);
        expect(allowed).toBe(granted === requested && duration <= maximum);
      }),
    );
  });

  test('never allows a JWT without expiry, or less than a minute', () => {
    for (const duration of [0, -1, 0.5, Number.NaN, -Infinity]) {
      expect(allowsAdminJwt(['admin:jwt:config:1440'], 'config', duration)).toBe(false);
    }
    expect(allowsAdminJwt(['admin:jwt:config:1440'], 'config', Infinity)).toBe(false);
  });

  test('does not confuse a scope with colons with a shorter one', () => {
    const grants = ['admin:jwt:payments:admin:60'];
    expect(allowsAdminJwt(grants, 'payments:admin', 60)).toBe(true);
    expect(allowsAdminJwt(grants, 'payments', 1)).toBe(false);
    expect(allowsAdminJwt(['admin:jwt:a:5:10'], 'a', 5)).toBe(false);
  });

  test('does not support wildcards', () => {
    expect(allowsAdminJwt(['admin:jwt:*:60'], 'config', 1)).toBe(false);
    expect(allowsAdminJwt(['admin:jwt:config:60'], '*', 1)).toBe(false);
  });

  test('uses the widest of several grants, and no other kinds of grants', () => {
    expect(allowsAdminJwt(['admin:jwt:config:5', 'admin:jwt:config:60'], 'config', 30)).toBe(true);
    expect(allowsAdminJwt(['users:all', 'jwt:permanent', 'jwt:scope:config'], 'config', 1)).toBe(false);
    expect(allowsAdminJwt([], 'config', 1)).toBe(false);
  });
});
