import type { PartnerRecord } from '#lib/partners/record.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';

/** Changes a partner's record; `edit` throws Refusal to leave it as it is. Throws Refusal when there is no such partner. */
export async function changeRecord(
  session: Session,
  clientId: string,
  edit: (record: PartnerRecord) => PartnerRecord,
): Promise<PartnerRecord> {
  const { changePartner } = await session.directory();
  return known(session, clientId, await changePartner(clientId, edit));
}

/** Reads a partner's record. Throws Refusal when there is no such partner. */
export async function readRecord(session: Session, clientId: string): Promise<PartnerRecord> {
  await session.connect();
  const { readPartner } = await import('#lib/partners/record.ts');
  return known(session, clientId, await readPartner(clientId));
}

function known(session: Session, clientId: string, record: PartnerRecord | undefined): PartnerRecord {
  if (record !== undefined) return record;
  throw new Refusal(
    `There is no partner ${clientId} here. "${session.toType('partners list')}" shows those that there are.`,
  );
}
