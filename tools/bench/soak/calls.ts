import { basePath } from '#lib/operations/table.ts';

/** One manage-signed call, made again and again. */
export interface SoakCall {
  functionName: string;
  method: string;
  path: string;
  routeKey: string;
  pathParameters: Record<string, string>;
  headers: Record<string, string>;
  body: string;
  /** What the answer holds when all went well. */
  expected: string;
}

/** Reading a user, which upstream may be asked for again. */
export function readUser(key: string, user: string): SoakCall {
  return {
    functionName: 'users-id-user-get',
    method: 'GET',
    path: `${basePath}/users/${user}`,
    routeKey: `GET ${basePath}/users/{id_user}`,
    pathParameters: { id_user: user },
    headers: { authorization: key },
    body: '',
    expected: `"id":${user},`,
  };
}

/** Making a token of a user, which must not happen twice. */
export function makeToken(key: string, user: string): SoakCall {
  return {
    functionName: 'users-id-user-token-post',
    method: 'POST',
    path: `${basePath}/users/${user}/token`,
    routeKey: `POST ${basePath}/users/{id_user}/token`,
    pathParameters: { id_user: user },
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'application=sharedAccess',
    expected: '"token":"',
  };
}
