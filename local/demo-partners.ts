import { join } from 'node:path';
import { changePartner, createPartner } from '#lib/partners/directory.ts';
import { readOrWrite, writeWhole } from './files.ts';

/** The credentials of a demo partner, as in `stack.json`. */
export interface DemoPartner {
  client_id: string;
  client_secret: string;
}

/** The two demo partners: one without grants, and one with an operator's grants. */
export interface DemoPartners {
  partner: DemoPartner & { redirect_uri: string };
  manager: DemoPartner;
}

const managerGrants = ['users:all', 'jwt:permanent', 'admin:jwt:config:1440'];

/** Returns the demo partners of a state folder, which are created at the first start, and registers `redirectUri` for the first one. */
export async function prepareDemoPartners(folder: string, redirectUri: string): Promise<DemoPartners> {
  const file = join(folder, 'demo-partners.json');
  const stored = await readOrWrite<Partial<DemoPartners>>(file, () => ({}));
  const partner = await ensurePartner(stored.partner, 'Demo partner', []);
  const manager = await ensurePartner(stored.manager, 'Demo manager', managerGrants);
  const demo: DemoPartners = { partner: { ...partner, redirect_uri: redirectUri }, manager };
  await writeWhole(file, demo);
  await changePartner(partner.client_id, (record) => ({
    ...record,
    redirect_uris: [...new Set([...record.redirect_uris, redirectUri])],
  }));
  return demo;
}

/** Creates a partner unless the table has the stored one. */
async function ensurePartner(stored: DemoPartner | undefined, name: string, grants: string[]): Promise<DemoPartner> {
  if (stored !== undefined && (await changePartner(stored.client_id, (record) => record)) !== undefined) {
    return { client_id: stored.client_id, client_secret: stored.client_secret };
  }
  const { record, key } = await createPartner({ name, grants });
  return { client_id: record.client_id, client_secret: key };
}
