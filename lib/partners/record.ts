import * as z from 'zod/mini';
import { later } from '../schemas/later.ts';
import { table } from '../table.ts';

/** What the table knows of a partner. Times are ISO 8601. */
export const partnerRecord = later(() =>
  z.object({
    client_id: z.string(),
    name: z.string(),
    status: z.enum(['active', 'disabled']),
    /** At most two live keys, each by its hash alone. */
    keys: z.array(z.object({ id: z.string(), hash: z.string(), created: z.string() })),
    redirect_uris: z.array(z.string()),
    grants: z.array(z.string()),
    created: z.string(),
    /** Grows with each change, so that of two at the same time one begins anew. */
    revision: z.number(),
  }),
);

/** A partner's record. */
export type PartnerRecord = z.output<ReturnType<typeof partnerRecord>>;

/** The key of a partner's item. */
export const partnerItem = (clientId: string): string => `PARTNER#${clientId}`;

/** Reads a partner's record from the table; undefined when there is none. Throws the table's errors. */
export async function readPartner(clientId: string): Promise<PartnerRecord | undefined> {
  const item = await table.get(partnerItem(clientId));
  return item === undefined ? undefined : partnerRecord().parse(item);
}
