import * as v from 'valibot';
import { later } from '../later.ts';
import { number } from '../schemas/numbers.ts';
import { table } from '../table.ts';

/** What the table knows of a partner. Times are ISO 8601. */
export const partnerRecord = later(() =>
  v.object({
    client_id: v.string(),
    name: v.string(),
    status: v.picklist(['active', 'disabled']),
    /** At most two live keys, each by its hash alone. */
    keys: v.array(v.object({ id: v.string(), hash: v.string(), created: v.string() })),
    redirect_uris: v.array(v.string()),
    grants: v.array(v.string()),
    created: v.string(),
    /** Grows with each change, so that of two at the same time one begins anew. */
    revision: number,
  }),
);

/** A partner's record. */
export type PartnerRecord = v.InferOutput<ReturnType<typeof partnerRecord>>;

/** The key of a partner's item. */
export const partnerItem = (clientId: string): string => `PARTNER#${clientId}`;

/** Reads a partner's record from the table; undefined when there is none. Throws the table's errors. */
export async function readPartner(clientId: string): Promise<PartnerRecord | undefined> {
  const item = await table.get(partnerItem(clientId));
  return item === undefined ? undefined : v.parse(partnerRecord(), item);
}
