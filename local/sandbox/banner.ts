/** The credentials of a stand-alone sandbox's contract. */
export interface Credentials {
  client_id: number;
  client_secret: string;
  admin_token: string;
}

/** Returns the text that a stand-alone sandbox prints when it is ready. Its credentials appear nowhere else. */
export function banner(
  { url, data, home, redirectUris }: { url: string; data: string; home: string; redirectUris: string[] },
  { client_id, client_secret, admin_token }: Credentials,
): string {
  const control = url.replace(/\/2\.0$/, '/_sandbox');
  const client = `-d client_id=${client_id} -d client_secret=${client_secret}`;
  const webauth = new URLSearchParams({ client_id: String(client_id), redirect_uri: home, state: 'hello' });
  return `
Sandbox Budgea     ${url}
State              ${data} (--fresh deletes it)

client_id          ${client_id}
client_secret      ${client_secret}
admin token        ${admin_token}
redirect URIs      ${[home, ...redirectUris].join('\n                   ')}

Create a temporary user (30 minutes)
  curl -X POST ${url}/auth/init
Create a permanent user
  curl ${url}/auth/init ${client}
Create a manage token with the scope users (1 hour)
  curl ${url}/admin/jwt -H 'Authorization: Bearer ${admin_token}' -d scope=users -d duration=60
List all users with the manage token
  curl ${url}/users/all -H 'Authorization: Bearer <jwt_token>'
Connect a bank in a browser
  ${url}/webauth?${webauth.toString()}
Move the clock forward by 30 minutes
  curl ${control}/clock -d advance=1800
List the calls so far
  curl ${control}/calls

Press Ctrl-C to stop.
`;
}
