import type { DemoPartner } from '#local/demo-partners.ts';

/** What HTTP Basic sends for a partner. */
export function basic({ client_id, client_secret }: DemoPartner): string {
  return Buffer.from(`${client_id}:${client_secret}`).toString('base64');
}

/** A key or a token in `Authorization`. */
export function bearer(value: string): { authorization: string } {
  return { authorization: `Bearer ${value}` };
}
