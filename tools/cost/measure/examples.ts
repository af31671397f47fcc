import type { OperationId } from '#lib/operations/table.ts';
import type { StackFile } from '#local/stack-file.ts';

/** One request to the gateway; the path is relative to `/2.0`. */
export interface Call {
  path: string;
  query?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A call that can be repeated, or what makes one that works once. */
export type Example = Call | (() => Promise<Call>);

/** A call of each operation as partners make most of them. */
export function examples({
  gateway,
  partner,
  manager,
  certificate_types: [type = ''],
}: StackFile): Record<OperationId, Example> {
  const { client_id, client_secret, redirect_uri } = partner;
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const client = (path: string, fields: Record<string, string> = {}): Call => ({
    path,
    headers: form,
    body: new URLSearchParams({ client_id, client_secret, ...fields }).toString(),
  });
  const keyed = bearer(client_secret);

  async function ask(path: string, init: RequestInit): Promise<Record<string, string>> {
    const answer = await fetch(gateway + path, init);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    // Each caller knows which fields the operation gives.
    return (await answer.json()) as Record<string, string>;
  }

  async function newUser(): Promise<{ id: string; token: string }> {
    const body = new URLSearchParams({ client_id, client_secret });
    const { id_user, auth_token = '' } = await ask('/auth/init', { method: 'POST', body });
    return { id: String(id_user), token: auth_token };
  }

  const ofNewUser = (make: (user: { id: string; token: string }) => Call | Promise<Call>) => async () =>
    make(await newUser());
  const sent = new URLSearchParams({ client_id, redirect_uri, state: 'a-state-of-the-partner' });

  return {
    admin_jwt_post: {
      path: '/admin/jwt',
      headers: { ...form, ...bearer(manager.client_secret) },
      body: 'scope=config&duration=5',
    },
    auth_init_post: client('/auth/init'),
    auth_jwt_post: ofNewUser(({ id }) => client('/auth/jwt', { id_user: id })),
    auth_token_access_post: ofNewUser(async ({ token }) => {
      const { code = '' } = await ask('/auth/token/code', { headers: bearer(token) });
      return client('/auth/token/access', { code });
    }),
    auth_token_code_get: ofNewUser(({ token }) => ({ path: '/auth/token/code', headers: bearer(token) })),
    auth_token_delete: ofNewUser(({ token }) => ({ path: '/auth/token', headers: bearer(token) })),
    certificate_type_get: { path: `/certificate/${type}`, headers: keyed },
    hash_delete: ofNewUser(({ token }) => ({ path: '/hash', headers: bearer(token) })),
    users_id_user_get: ofNewUser(({ id }) => ({ path: `/users/${id}`, headers: keyed })),
    users_id_user_delete: ofNewUser(({ id }) => ({ path: `/users/${id}`, headers: keyed })),
    users_id_user_token_post: ofNewUser(({ id }) => ({
      path: `/users/${id}/token`,
      headers: { ...form, ...keyed },
      body: 'application=sharedAccess',
    })),
    webauth_get: { path: '/webauth', query: sent.toString() },
    webauth_callback_get: async () => {
      // It makes an AWS client, which takes its endpoint from the environment.
      const { seal } = await import('#lib/webauth/state.ts');
      const state = await seal({ partner: client_id, redirectUri: redirect_uri, state: 'a-state-of-the-partner' });
      return {
        path: '/webauth/callback',
        query: new URLSearchParams({ state, id_connection: '7', code: 'a' }).toString(),
      };
    },
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
