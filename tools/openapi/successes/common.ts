import type { MediaType } from '#lib/budgea/wire.ts';
import { basic, bearer } from '../credentials.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import type { Recording } from '../record.ts';
import type { Call } from '../recorder.ts';

/** The media types of bodies. */
export const json = 'application/json';
export const form = 'application/x-www-form-urlencoded';
export const mediaTypes: readonly MediaType[] = [json, form, 'multipart/form-data'];

/** One user of the partner. */
export interface User {
  id_user: number;
  token: string;
}

/** What a partner sends to be known in each way. */
export function callersOf(partner: DemoPartner) {
  const { client_id, client_secret } = partner;
  return {
    /** In the body. */
    pair: { client_id, client_secret },
    basic: { caller: 'client', headers: { authorization: `Basic ${basic(partner)}` } },
    bearer_key: { caller: 'bearer_key', headers: bearer(client_secret) },
    api_key: { caller: 'api_key', headers: { 'x-api-key': client_secret } },
  } as const;
}

/** A call with a token of Budgea's. */
export const withToken = (token: unknown) => ({ caller: 'token', headers: bearer(String(token)) }) as const;

// What several recordings do on their way; it is recorded once.

/** A new user, by the key alone. */
export const newUser = (partner: DemoPartner): Call => ({
  operation: 'auth_init_post',
  status: 200,
  name: 'bearer_key',
  summary: 'A new user, by the key in Authorization',
  ...callersOf(partner).bearer_key,
});

/** A manage JWT, by a key with the grant for it. */
export const manageJwt = ({ stack: { manager } }: Recording, mediaType: MediaType): Call => ({
  operation: 'admin_jwt_post',
  status: 200,
  name: 'bearer_key',
  summary: 'A manage JWT for five minutes',
  ...callersOf(manager).bearer_key,
  mediaType,
  fields: { scope: 'config', duration: 5 },
});

/** Another token of a token's own user. */
export const ownToken = (token: string): Call => ({
  operation: 'users_id_user_token_post',
  status: 200,
  name: 'token',
  summary: 'Another token of the token’s own user',
  ...withToken(token),
  path: { id_user: 'me' },
  mediaType: json,
  fields: { application: 'sharedAccess' },
});

/** A code of a token's own user. */
export const temporaryCode = (token: string): Call => ({
  operation: 'auth_token_code_get',
  status: 200,
  name: 'token',
  summary: 'A code that works until it expires',
  ...withToken(token),
});
