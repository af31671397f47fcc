import type { PartnerRecord } from '#lib/partners/record.ts';
import type { Cell } from '../table.ts';

/** A partner as `--json` shows it: everything but the hashes. */
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

/** A partner with a new key, named as in `stack.json`: the only time that the key is shown. */
export function issuedView({ client_id, name, redirect_uris, grants, keys }: PartnerRecord, key: string) {
  const [redirect_uri] = redirect_uris;
  return {
    client_id,
    client_secret: key,
    key_id: keys.at(-1)?.id,
    name,
    ...(redirect_uri !== undefined && { redirect_uri }),
    redirect_uris,
    grants,
  };
}

/** A partner's status in a table. */
export function statusCell(status: PartnerRecord['status']): Cell {
  return { tone: status === 'active' ? 'good' : 'doubtful', text: status };
}

/** A partner in a sentence: `Acme (12345678)`. */
export function called({ name, client_id }: Pick<PartnerRecord, 'name' | 'client_id'>): string {
  return `${name} (${client_id})`;
}

/** Values on one line, or what to say when there are none. */
export function listed(values: readonly string[], none = 'none'): string {
  return values.length === 0 ? none : values.join(', ');
}
