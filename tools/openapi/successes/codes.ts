import type { Recording } from '../record.ts';
import { callersOf, form, json, mediaTypes, temporaryCode, withToken, type User } from './common.ts';

/** Records how codes are made, and exchanged for tokens. */
export async function recordCodes({ call, stack: { partner } }: Recording, { token }: User): Promise<void> {
  const newCode = async () => String((await call(temporaryCode(token))).body['code']);
  const single = {
    operation: 'auth_token_code_get',
    status: 200,
    ...withToken(token),
    name: 'single',
    summary: 'A code that works once',
  } as const;
  await call({ ...single, query: { type: 'singleAccess' } });
  for (const mediaType of mediaTypes) {
    await call({ ...single, method: 'POST', mediaType, fields: { type: 'singleAccess' } });
  }

  const { pair, basic } = callersOf(partner);
  const access = { operation: 'auth_token_access_post', status: 200 } as const;
  for (const mediaType of [json, form] as const) {
    const summary = 'The user’s token, by HTTP Basic as OAuth clients send it';
    await call({ ...access, ...basic, name: 'basic', summary, mediaType, fields: { code: await newCode() } });
  }
  for (const mediaType of mediaTypes) {
    const fields = { ...pair, code: await newCode() };
    await call({
      ...access,
      caller: 'client',
      name: 'client',
      summary: 'The user’s token, for a code',
      mediaType,
      fields,
    });
  }
  await call({
    ...access,
    ...basic,
    name: 'redirect_uri',
    summary: 'With all that OAuth clients send',
    mediaType: form,
    fields: { grant_type: 'authorization_code', code: await newCode(), redirect_uri: partner.redirect_uri },
  });
}
