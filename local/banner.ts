import { styleText } from 'node:util';
import { ApiError, TransportError } from '#lib/budgea/authentication-api.ts';
import { quoted } from '#lib/shell.ts';
import type { DemoPartner } from './demo-partners.ts';
import type { RunningStack } from './stack.ts';

/** What `npm start` prints when the stack answers: the only place where a demo key is shown. */
export function banner(
  { file, refusal }: Pick<RunningStack, 'file' | 'refusal'>,
  { data, upstream }: { data: string; upstream?: string | undefined },
): string {
  const { gateway, demoApp, partner, manager } = file;
  const client = `-d client_id=${partner.client_id} -d client_secret=${partner.client_secret}`;
  const option = data === '.local' ? '' : ` --data ${quoted(data)}`;
  const budgea =
    file.sandbox === undefined
      ? `${upstream} (let it redirect to ${gateway}/webauth/callback)`
      : `${file.sandbox} (sandbox)`;
  return `
${title('For a browser')}
  Console           ${new URL('/', gateway).href} (what happens here, and trouble on request)
  API page          ${new URL('/docs', gateway).href}
  Demo application  ${demoApp} (connects a bank, as the demo partner)

${title('For programs')}
  Gateway           ${gateway}
  Budgea            ${budgea}
  Secrets Manager   ${file.secretsManager}
  DynamoDB          ${file.dynamodb}
  State             ${data} (addresses, demo keys and the AWS access key in stack.json; --fresh starts from nothing)
${refusal === undefined ? '' : warning(refusal, option)}
${title('Calls to copy')}
  ${comment('# Create a user of the demo partner.')}
  curl ${gateway}/auth/init ${client}
  ${comment('# Read it, with the partner’s key and the id_user of that answer.')}
  curl ${gateway}/users/ID_USER ${key(partner)}
  ${comment('# Get a code to let another device in, with its auth_token.')}
  curl ${gateway}/auth/token/code -H 'Authorization: Bearer AUTH_TOKEN'
  ${comment('# See all users, with the demo manager’s key.')}
  curl ${gateway}/users/all ${key(manager)}
  ${comment('# Mint a manage JWT, with the demo manager’s key.')}
  curl ${gateway}/admin/jwt ${key(manager)} -d scope=config -d duration=5

${title('In another terminal')}
  npm run gateway -- tail${option}     ${comment('# follow the calls')}
  npm run gateway -- doctor${option}   ${comment('# check every link of the gateway')}
  npm run gateway -- --help

Ctrl-C stops it. Each call logs one JSON line below.
`;
}

/** Standard output is where it goes. */
const title = (text: string): string => styleText('bold', text);
const comment = (text: string): string => styleText('dim', text);

function key({ client_secret }: DemoPartner): string {
  return `-H 'Authorization: ${client_secret}'`;
}

function warning(refusal: unknown, option: string): string {
  const known = refusal instanceof ApiError || refusal instanceof TransportError;
  if (!known) return `\nNo manage JWT could be minted: ${refusal instanceof Error ? refusal.stack : String(refusal)}\n`;
  return `
No manage JWT could be minted: ${refusal.message}. Calls signed with it answer 503. If this Budgea is yours, give the
gateway its credentials, which it takes up as it runs:
  npm run gateway -- secrets set admin-token${option}
  npm run gateway -- secrets set client-credentials${option}
`;
}
