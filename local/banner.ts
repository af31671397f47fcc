import { ApiError, TransportError } from '../lib/budgea/authentication-api.ts';
import type { DemoPartner } from './demo-partners.ts';
import type { RunningStack } from './stack.ts';

/** What `npm start` prints when the stack answers: the only place where a demo key is shown. */
export function banner(
  { file, refusal }: RunningStack,
  { data, upstream }: { data: string; upstream?: string | undefined },
): string {
  const { gateway, demoApp, partner, manager } = file;
  const client = `-d client_id=${partner.client_id} -d client_secret=${partner.client_secret}`;
  return `
Gateway            ${gateway}
API page           ${new URL('/docs', gateway).href}
Budgea             ${file.sandbox === undefined ? `${upstream} (let it redirect to ${gateway}/webauth/callback)` : `${file.sandbox} (sandbox)`}
Secrets Manager    ${file.secretsManager}
DynamoDB           ${file.dynamodb}
Demo application   ${demoApp} (the demo partner's)
State              ${data} (addresses and demo keys in stack.json; --fresh starts from nothing)
${refusal === undefined ? '' : warning(refusal, data)}
Create a user of the demo partner
  curl ${gateway}/auth/init ${client}
See all users, with the demo manager's key
  curl ${gateway}/users/all ${key(manager)}
Mint a manage JWT, with the demo manager's key
  curl ${gateway}/admin/jwt ${key(manager)} -d scope=config -d duration=5
Connect a bank, in a browser
  ${demoApp}
Read the user that was created, with the partner's key and the id in the answer
  curl ${gateway}/users/ID_USER ${key(partner)}
Get a code to let another device in, with the user's auth_token
  curl ${gateway}/auth/token/code -H 'Authorization: Bearer AUTH_TOKEN'

Ctrl-C stops it. Each call logs one JSON line below.
`;
}

function key({ client_secret }: DemoPartner): string {
  return `-H 'Authorization: ${client_secret}'`;
}

function warning(refusal: unknown, data: string): string {
  const known = refusal instanceof ApiError || refusal instanceof TransportError;
  if (!known) return `\nNo manage JWT could be minted: ${refusal instanceof Error ? refusal.stack : String(refusal)}\n`;
  const option = data === '.local' ? '' : ` --data ${data}`;
  return `
No manage JWT could be minted: ${refusal.message}. Calls signed with it answer 503. If this Budgea is yours, give the
gateway its credentials, which it takes up as it runs:
  npm run gateway -- secrets set admin-token${option}
  npm run gateway -- secrets set client-credentials${option}
`;
}
