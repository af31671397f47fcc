import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTarget, selectRoute } from '#local/api-gateway/routes.ts';

const ROUTES = [
  { method: 'ANY', path: '/{proxy+}' },
  { method: 'GET', path: '/pets/{proxy+}' },
  { method: 'GET', path: '/pets/dog/{id}' },
  { method: 'GET', path: '/pets/dog/1' },
  { method: 'ANY', path: '/pets/dog/1' },
  { method: 'ANY', path: '/pets/cat/{id}' },
  { method: 'DELETE', path: '/pets/cat/{id}/toys/{toy}' },
];

function select(method: string, url: string, routes = ROUTES) {
  const match = selectRoute(routes, method, parseTarget(url)?.segments ?? []);
  return match && [match.routeKey, match.pathParameters];
}

describe('route selection', () => {
  test.each([
    ['GET', '/pets/dog/1', 'GET /pets/dog/1', undefined],
    ['PUT', '/pets/dog/1', 'ANY /pets/dog/1', undefined],
    ['GET', '/pets/dog/2', 'GET /pets/dog/{id}', { id: '2' }],
    ['GET', '/pets/cat/2', 'ANY /pets/cat/{id}', { id: '2' }],
    ['DELETE', '/pets/cat/2/toys/a%20b', 'DELETE /pets/cat/{id}/toys/{toy}', { id: '2', toy: 'a b' }],
    ['GET', '/pets/bird/a%2Fb/c', 'GET /pets/{proxy+}', { proxy: 'bird/a/b/c' }],
    ['GET', '/p%65ts/dog/1?x=1', 'GET /pets/dog/1', undefined],
    ['POST', '/pets/bird', 'ANY /{proxy+}', { proxy: 'pets/bird' }],
    ['GET', 'http://localhost:3000/pets/dog/1?x', 'GET /pets/dog/1', undefined],
  ])('%s %s takes %s', (method, url, routeKey, pathParameters) => {
    expect(select(method, url)).toEqual([routeKey, pathParameters]);
    expect(select(method, url, ROUTES.toReversed())).toEqual([routeKey, pathParameters]);
  });

  test.each(['/pets/dog', '/pets/dog/', '/pets/dog/1/', '/pets//dog/1', '//pets/dog/1', '/PETS/dog/1', '*', '/'])(
    'nothing matches %s but $default',
    (url) => {
      const routes = [{ method: 'GET', path: '/pets/dog/{id}' }];
      expect(select('GET', url, routes)).toBeUndefined();
      expect(select('GET', url, [...routes, { method: 'ANY', path: '$default' }])).toEqual(['$default', undefined]);
    },
  );

  test('takes no other method for the one of the route', () => {
    expect(select('HEAD', '/a', [{ method: 'GET', path: '/a' }])).toBeUndefined();
  });

  test('decodes a path variable of any characters, slashes included', () => {
    const routes = [{ method: 'GET', path: '/2.0/users/{id_user}/token' }];
    const text = fc.string({
      unit: fc.constantFrom(...Array.from('aZ0 /?#%&=+,;.\\\n\0é€😀')),
      minLength: 1,
      size: 'medium',
    });
    fc.assert(
      fc.property(text, (value) => {
        expect(select('GET', `/2.0/users/${encodeURIComponent(value)}/token`, routes)).toEqual([
          'GET /2.0/users/{id_user}/token',
          { id_user: value },
        ]);
      }),
    );
  });
});

describe('a request target', () => {
  test.each(['/%', '/a/%zz', '/%C3', '/%ff%fe'])('with the path %s is malformed', (url) => {
    expect(parseTarget(url)).toBeUndefined();
  });

  test('may have question marks and malformed escapes in its query', () => {
    expect(parseTarget('/a?b=?%&c')).toEqual({ segments: ['', 'a'], queryString: 'b=?%&c' });
  });

  test('of an origin alone is its root', () => {
    expect(parseTarget('http://localhost')).toEqual({ segments: ['', ''], queryString: '' });
  });
});
