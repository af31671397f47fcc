import type { Command } from 'commander';
import { grantForms } from '#lib/partners/settings.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { list, minute } from '../format.ts';
import type { Session } from '../session.ts';
import { table, titles, type Cell, type Look } from '../table.ts';
import { clientIdArgument, grantList, partnerName, redirectUriList } from './arguments.ts';
import { changeRecord, issuedView, keyAdvice, nameOf, partnerView, readRecord } from './record.ts';

interface CreateOptions {
  name: string;
  redirectUri?: string[];
  grant?: string[];
}

/** Adds `partners create`, `list`, `show`, `disable` and `enable`. */
export function addPartners(partners: Command, session: Session): void {
  partners
    .command('create')
    .description('Create a partner and print its key once')
    .requiredOption('--name <name>', 'Display name of the partner', partnerName)
    .option('--redirect-uri <uri>', 'Redirect URI to register for webauth; repeatable', redirectUriList)
    .option('--grant <grant>', `Grant: ${grantForms.join(', ')}; repeatable`, grantList)
    .action((options: CreateOptions) => create(session, options));
  partners
    .command('list')
    .description('List all partners')
    .action(() => listAll(session));
  partners
    .command('show')
    .description('Show a partner, its keys and the last use of each key')
    .addArgument(clientIdArgument())
    .action((clientId: string) => show(session, clientId));
  partners
    .command('disable')
    .description('Reject a partner’s keys without deleting anything')
    .addArgument(clientIdArgument())
    .action(async (clientId: string) => {
      const record = await changeRecord(session, clientId, (before) => ({ ...before, status: 'disabled' }));
      const undo = session.commandLine(`partners enable ${clientId}`);
      const text = `${nameOf(record)} is disabled: its keys stop working within a minute. "${undo}" reverses this.`;
      session.print(partnerView(record), text);
    });
  partners
    .command('enable')
    .description('Accept the keys of a disabled partner again')
    .addArgument(clientIdArgument())
    .action(async (clientId: string) => {
      const record = await changeRecord(session, clientId, (before) => ({ ...before, status: 'active' }));
      session.print(partnerView(record), `${nameOf(record)} is active: its keys work.`);
    });
}

async function create(session: Session, { name, redirectUri = [], grant = [] }: CreateOptions): Promise<void> {
  const { createPartner } = await session.directory();
  const { record, key } = await createPartner({ name, redirectUris: redirectUri, grants: grant });
  const text = table([
    ['client_id', record.client_id],
    ['client_secret', key],
    ['redirect URIs', list(record.redirect_uris)],
    ['grants', list(record.grants)],
  ]);
  session.print(issuedView(record, key), `Created ${nameOf(record)}.\n\n${text}\n\n${keyAdvice}`);
}

async function listAll(session: Session): Promise<void> {
  const { listPartners } = await session.directory();
  const records: PartnerRecord[] = [];
  for await (const record of listPartners()) records.push(record);
  if (records.length === 0)
    session.note(`No partners yet: create one with "${session.commandLine('partners create')}".`);
  session.print(records.map(partnerView), records.length === 0 ? '' : listing(records, session.look()));
}

function listing(records: readonly PartnerRecord[], look: Look): string {
  const rows = records.map(({ client_id, name, status, keys, grants }): Cell[] => [
    client_id,
    name,
    { tone: status === 'active' ? 'success' : 'warning', text: status },
    String(keys.length),
    list(grants, '-'),
  ]);
  return table([titles('CLIENT ID', 'NAME', 'STATUS', 'KEYS', 'GRANTS'), ...rows], { ...look, cut: [1, 4] });
}

async function show(session: Session, clientId: string): Promise<void> {
  const { readKeyUse, countUsers } = await session.directory();
  const record = await readRecord(session, clientId);
  const [lastUse, users] = await Promise.all([readKeyUse(clientId), countUsers(clientId)]);
  const view = partnerView(record);
  const keys = view.keys.map((key) => ({ ...key, last_used: lastUse[key.id] }));
  const keyRows = keys.map(({ id, created, last_used }) => [id, minute(created), last_used ?? 'never']);
  const keyTable = table([titles('KEY ID', 'CREATED', 'LAST USED'), ...keyRows], session.look());
  session.print({ ...view, keys, users }, `${details(record, users)}\n\n${keyTable}`);
}

function details({ client_id, name, status, created, grants, redirect_uris }: PartnerRecord, users: number): string {
  const [first = 'none', ...others] = redirect_uris;
  return table([
    ['client id', client_id],
    ['name', name],
    ['status', status],
    ['created', minute(created)],
    ['grants', list(grants)],
    ['redirect URIs', first],
    ...others.map((uri) => ['', uri]),
    ['users', String(users)],
  ]);
}
