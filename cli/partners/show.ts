import type { Command } from 'commander';
import type { PartnerRecord } from '#lib/partners/record.ts';
import type { Session } from '../session.ts';
import { pairs, table, type Look } from '../table.ts';
import { minute } from '../view.ts';
import { clientIdArgument } from './arguments.ts';
import { readRecord } from './change.ts';
import { listed, partnerView } from './view.ts';

/** `partners show`: all that is known of one, without its keys' hashes. */
export function addShow(partners: Command, session: Session): void {
  partners
    .command('show')
    .description('show a partner, its keys and when they were last used')
    .addArgument(clientIdArgument())
    .action(async (clientId: string) => {
      const { readKeyUse, countUsers } = await session.directory();
      const record = await readRecord(session, clientId);
      const [lastUsed, users] = await Promise.all([readKeyUse(clientId), countUsers(clientId)]);
      const view = partnerView(record);
      const keys = view.keys.map((key) => ({ ...key, last_used: lastUsed[key.id] }));
      session.answer({ ...view, keys, users }, [about(record, users), keyTable(keys, session.look())].join('\n\n'));
    });
}

function about({ client_id, name, status, created, grants, redirect_uris }: PartnerRecord, users: number): string {
  const [first = 'none', ...others] = redirect_uris;
  return pairs([
    ['client id', client_id],
    ['name', name],
    ['status', status],
    ['created', minute(created)],
    ['grants', listed(grants)],
    ['redirect URIs', first],
    ...others.map((uri) => ['', uri] as const),
    ['users', String(users)],
  ]);
}

function keyTable(keys: readonly { id: string; created: string; last_used: string | undefined }[], look: Look): string {
  return table(
    [
      ['KEY ID', 'CREATED', 'LAST USED'],
      ...keys.map(({ id, created, last_used }) => [id, minute(created), last_used ?? 'never']),
    ],
    look,
  );
}
