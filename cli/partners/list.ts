import type { Command } from 'commander';
import type { PartnerRecord } from '../../lib/partners/record.ts';
import type { Session } from '../session.ts';
import { columns } from '../view.ts';
import { listed, partnerView } from './view.ts';

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
      session.answer(records.map(partnerView), records.length === 0 ? '' : table(records));
    });
}

function table(records: readonly PartnerRecord[]): string {
  return columns([
    ['CLIENT ID', 'NAME', 'STATUS', 'KEYS', 'GRANTS'],
    ...records.map(({ client_id, name, status, keys, grants }) => [
      client_id,
      name,
      status,
      String(keys.length),
      listed(grants, '-'),
    ]),
  ]);
}
