import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { operations, type Operation } from '#lib/operations/table.ts';
import { authInit, errorEnvelope, jwt } from '#lib/budgea/specification.ts';

const rows = Object.entries<Operation>(operations).filter(
  ([, { request }]) => Object.keys(request().entries).length > 0,
);

/** Invalid values of every type, with a marker that no message contains by itself. */
const markedValues = fc.oneof(
  fc.string({ maxLength: 20 }).map((text) => `s3cr3t${text}`),
  fc.constantFrom(
    98765432.1,
    -98765432,
    98765432e20,
    [98765432],
    ['s3cr3t'],
    { s3cr3t: 98765432 },
    's3cr3t '.repeat(999),
  ),
);

describe('the message for an invalid field', () => {
  test.each(rows)('of %s names the field and never its value', (_, { request }) => {
    const { entries } = request();
    const names = Object.keys(entries);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), markedValues), (fields) => {
        for (const issue of v.safeParse(request(), fields).issues ?? []) {
          const [{ key }] = issue.path ?? [{ key: undefined }];
          expect(names).toContain(key);
          if (!(String(key) in fields)) continue;
          expect(issue.message).toMatch(/^must /);
          expect(issue.message).not.toMatch(/s3cr3t|98765432/);
        }
      }),
    );
  });
});

describe('a response of Budgea', () => {
  test.each([
    ['a number that is infinite', authInit(), '{"auth_token":"t","expires_in":1e999}'],
    ['a fractional user id', authInit(), '{"auth_token":"t","id_user":1.5}'],
    ['a user id above the safe integers', authInit(), '{"auth_token":"t","id_user":9007199254740993}'],
    ['an infinite expiry', jwt(), '{"jwt_token":"t","payload":{"exp":-1e999}}'],
    ['a list in place of an object', jwt(), '{"jwt_token":"t","payload":[]}'],
    ['an envelope with a malformed code', errorEnvelope(), '{"code":["invalidToken"]}'],
  ])('is rejected with %s', (_, schema, text) => {
    expect(v.is(schema, JSON.parse(text))).toBe(false);
  });

  test('keeps unknown fields', () => {
    const body = { auth_token: 't', expires_in: null, added: { later: [1, null] } };
    expect(v.parse(authInit(), body)).toEqual(body);
  });
});
