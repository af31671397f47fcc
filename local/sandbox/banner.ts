import type { Credentials } from './credentials.ts';

/** What a stand-alone sandbox prints when it answers: the only place where its credentials are shown. */
export function banner(
  at: { url: string; data: string; home: string; redirectUris: string[] },
  own: Credentials,
): string {
  const { url, home } = at;
  const control = url.replace(/\/2\.0$/, '/_sandbox');
  const client = `-d client_id=${own.client_id} -d client_secret=${own.client_secret}`;
  const webauth = new URLSearchParams({ client_id: String(own.client_id), redirect_uri: home, state: 'hello' });
  return `
Sandbox Budgea     ${url}
State              ${at.data} (start with --fresh to forget it)

client_id          ${own.client_id}
client_secret      ${own.client_secret}
admin token        ${own.admin_token}
redirect URIs      ${[home, ...at.redirectUris].join('\n                   ')}

A user for half an hour
  curl -X POST ${url}/auth/init
A user to keep
  curl ${url}/auth/init ${client}
A manage token that reaches users, for an hour
  curl ${url}/admin/jwt -H 'Authorization: Bearer ${own.admin_token}' -d scope=users -d duration=60
All users, with that manage token
  curl ${url}/users/all -H 'Authorization: Bearer <jwt_token>'
A bank connection, in a browser
  ${url}/webauth?${webauth.toString()}
Half an hour later
  curl ${control}/clock -d advance=1800
What it was asked so far
  curl ${control}/calls

Ctrl-C stops it.
`;
}
