import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { changePartner, createPartner } from '#lib/partners/directory.ts';
import { writeWhole } from './files.ts';

/** A demo partner as `stack.json` shows it; its key is kept nowhere else but in the state folder. */
export interface DemoPartner {
  client_id: string;
  client_secret: string;
}

/** The two demo partners: an ordinary one without grants, and one that an operator would use. */
export interface DemoPartners {
  partner: DemoPartner & { redirect_uri: string };
  manager: DemoPartner;
}

const managerGrants = ['users:all', 'jwt:permanent', 'admin:jwt:config:1440'];

/** The demo partners of a state folder, created on the first start; the first may be sent home to `redirectUri`. */
export async function prepareDemoPartners(folder: string, redirectUri: string): Promise<DemoPartners> {
  const file = join(folder, 'demo-partners.json');
  const known = await read(file);
  const partner = await keepPartner(known?.partner, 'Demo partner', []);
  const manager = await keepPartner(known?.manager, 'Demo manager', managerGrants);
  const demo: DemoPartners = { partner: { ...partner, redirect_uri: redirectUri }, manager };
  await writeWhole(file, demo);
  await changePartner(partner.client_id, (record) => ({
    ...record,
    redirect_uris: [...new Set([...record.redirect_uris, redirectUri])],
  }));
  return demo;
}

/** Keeps a partner whose record is still there; a new table gets a new one. */
async function keepPartner(known: DemoPartner | undefined, name: string, grants: string[]): Promise<DemoPartner> {
  if (known !== undefined && (await changePartner(known.client_id, (record) => record)) !== undefined) {
    return { client_id: known.client_id, client_secret: known.client_secret };
  }
  const { record, key } = await createPartner({ name, grants });
  return { client_id: record.client_id, client_secret: key };
}

async function read(file: string): Promise<DemoPartners | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  // Nothing but the function above writes this file.
  return text === undefined ? undefined : (JSON.parse(text) as DemoPartners);
}
