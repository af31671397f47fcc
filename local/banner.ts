import { styleText } from 'node:util';
import { ApiError, TransportError } from '#lib/budgea/authentication-api.ts';
import { quoted } from '#lib/shell.ts';
import type { DemoPartner } from './demo-partners.ts';
import type { RunningStack } from './stack.ts';

/** Returns the text that `npm start` prints when the stack is ready. It is the only output with a demo key. */
export function banner(
  { file, manageTokenError }: Pick<RunningStack, 'file' | 'manageTokenError'>,
  { data, upstream }: { data: string; upstream?: string | undefined },
): string {
  const { gateway, demoApp, partner, manager } = file;
  const client = `-d client_id=${partner.client_id} -d client_secret=${partner.client_secret}`;
  const option = data === '.local' ? '' : ` --data ${quoted(data)}`;
  const budgea =
    file.sandbox === undefined
      ? `${upstream} (add ${gateway}/webauth/callback to its redirect URIs)`
      : `${file.sandbox} (sandbox)`;
  return `
${title('Pages')}
  Console           ${new URL('/', gateway).href} (calls, secrets, partners, sandbox)
  API page          ${new URL('/docs', gateway).href}
  Demo application  ${demoApp} (connects a bank)

${title('Servers')}
  Gateway           ${gateway}
  Budgea            ${budgea}
  Secrets Manager   ${file.secretsManager}
  DynamoDB          ${file.dynamodb}
  State             ${data} (stack.json has the addresses, demo keys and AWS access key; --fresh deletes all state)
${manageTokenError === undefined ? '' : warning(manageTokenError, option)}
${title('Example calls')}
  ${comment('# Create a user of the demo partner')}
  curl ${gateway}/auth/init ${client}
  ${comment('# Read the user, with the partner’s key and the id_user of the response')}
  curl ${gateway}/users/ID_USER ${key(partner)}
  ${comment('# Create a temporary code for the user, with its auth_token')}
  curl ${gateway}/auth/token/code -H 'Authorization: Bearer AUTH_TOKEN'
  ${comment('# List all users, with the demo manager’s key')}
  curl ${gateway}/users/all ${key(manager)}
  ${comment('# Mint a manage JWT, with the demo manager’s key')}
  curl ${gateway}/admin/jwt ${key(manager)} -d scope=config -d duration=5

${title('Commands for another terminal')}
  npm run gateway -- tail${option}     ${comment('# follow the calls')}
  npm run gateway -- doctor${option}   ${comment('# check the configuration')}
  npm run gateway -- --help

Press Ctrl-C to stop. Each call logs one line of JSON.
`;
}

const title = (text: string): string => styleText('bold', text);
const comment = (text: string): string => styleText('dim', text);

function key({ client_secret }: DemoPartner): string {
  return `-H 'Authorization: ${client_secret}'`;
}

function warning(error: unknown, option: string): string {
  const known = error instanceof ApiError || error instanceof TransportError;
  const reason = known ? error.message : error instanceof Error ? error.stack : String(error);
  if (!known) return `\nWarning: the manage JWT could not be minted: ${reason}\n`;
  return `
Warning: the manage JWT could not be minted: ${reason}. Calls signed with it are answered 503.
Set the credentials of your Budgea contract; a restart is not necessary:
  npm run gateway -- secrets set admin-token${option}
  npm run gateway -- secrets set client-credentials${option}
`;
}
