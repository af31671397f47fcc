import type { Command } from 'commander';
import type { PartnerRecord } from '#lib/partners/record.ts';
import type { Session } from '../session.ts';
import { table, type Look } from '../table.ts';
import { listed, partnerView, statusCell } from './view.ts';

/** `partners list`: all of them. */
export function addList(partners: Command, session: Session): void {
  partners
    .command('list')
    .description('list all partners')
    .action(async () => {
      const { listPartners } = await session.directory();
      const records: PartnerRecord[] = [];
      for await (const record of listPartners()) records.push(record);
      if (records.length === 0) session.note(`No partners yet: "${session.toType('partners create')}" makes one.`);
      session.answer(records.map(partnerView), records.length === 0 ? '' : listing(records, session.look()));
    });
}

function listing(records: readonly PartnerRecord[], look: Look): string {
  const rows = records.map(({ client_id, name, status, keys, grants }) => [
    client_id,
    name,
    statusCell(status),
    String(keys.length),
    listed(grants, '-'),
  ]);
  return table([['CLIENT ID', 'NAME', 'STATUS', 'KEYS', 'GRANTS'], ...rows], look, ['NAME', 'GRANTS']);
}
