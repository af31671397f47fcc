import type { PartnerRecord } from '#lib/partners/record.ts';
import { CliError } from '../cli-error.ts';
import type { Session } from '../session.ts';

/** Reads a partner's record. Throws CliError if the partner does not exist. */
export async function readRecord(session: Session, clientId: string): Promise<PartnerRecord> {
  await session.connect();
  const { readPartner } = await import('#lib/partners/record.ts');
  return existing(session, clientId, await readPartner(clientId));
}

/** Changes a partner's record, unless `edit` throws. Throws CliError if the partner does not exist. */
export async function changeRecord(
  session: Session,
  clientId: string,
  edit: (record: PartnerRecord) => PartnerRecord,
): Promise<PartnerRecord> {
  const { changePartner } = await session.directory();
  return existing(session, clientId, await changePartner(clientId, edit));
}

function existing(session: Session, clientId: string, record: PartnerRecord | undefined): PartnerRecord {
  if (record !== undefined) return record;
  throw new CliError(
    `There is no partner ${clientId} here. "${session.commandLine('partners list')}" shows all partners.`,
  );
}

/** A partner as printed with `--json`: its record without the key hashes. */
export function partnerView({ client_id, name, status, created, redirect_uris, grants, keys }: PartnerRecord) {
  return {
    client_id,
    name,
    status,
    created,
    redirect_uris,
    grants,
    keys: keys.map((key) => ({ id: key.id, created: key.created })),
  };
}

/** A partner with its new key, which is printed only once; the fields are named as in `stack.json`. */
export function issuedView({ client_id, name, redirect_uris, grants, keys }: PartnerRecord, key: string) {
  return {
    client_id,
    client_secret: key,
    key_id: keys.at(-1)?.id,
    name,
    // Left out of the JSON if undefined.
    redirect_uri: redirect_uris[0],
    redirect_uris,
    grants,
  };
}

/** What to do with a key that was just printed. */
export const keyAdvice =
  'The client_secret is the partner’s key, also for Authorization and x-api-key. It is not shown again: only its\nhash is stored. Transmit it securely.';

/** A partner in a sentence: `Acme (12345678)`. */
export function nameOf({ name, client_id }: Pick<PartnerRecord, 'name' | 'client_id'>): string {
  return `${name} (${client_id})`;
}
