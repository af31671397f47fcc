import type { Recording } from '../record.ts';
import { callersOf, form, json, manageJwt, mediaTypes, ownToken, withToken, type User } from './common.ts';

/** Records how JWTs are minted, of users and for managing. */
export async function recordJwts(recording: Recording, { id_user }: User): Promise<void> {
  const { call, stack } = recording;
  const { pair, basic, bearer_key: manager } = callersOf(stack.partner);
  const granted = callersOf(stack.manager).bearer_key;
  const jwt = { operation: 'auth_jwt_post', status: 200 } as const;
  const ofUser = { summary: 'A JWT of one of the partner’s users', fields: { id_user } } as const;
  await call({
    ...jwt,
    ...basic,
    ...ofUser,
    name: 'basic',
    summary: `${ofUser.summary}, by HTTP Basic`,
    mediaType: json,
  });
  for (const mediaType of mediaTypes) {
    await call({ ...jwt, ...ofUser, name: 'client', caller: 'client', mediaType, fields: { ...pair, id_user } });
  }
  await call({ ...jwt, ...manager, name: 'new_user', summary: 'A JWT of a new user' });
  await call({
    ...jwt,
    ...granted,
    name: 'permanent',
    summary: 'A JWT that never expires, with the grant jwt:permanent',
    mediaType: json,
    fields: { expire: false },
  });
  const { body: managing } = await call(manageJwt(recording, 'multipart/form-data'));
  await call({
    ...jwt,
    ...withToken(managing['jwt_token']),
    name: 'token',
    summary: 'A user’s JWT, by a manage JWT',
    mediaType: json,
    fields: { id_user },
  });
  await call({
    operation: 'admin_jwt_post',
    status: 200,
    ...granted,
    name: 'shortest',
    summary: 'What is left out: the scope config, for one minute',
    mediaType: form,
    fields: { duration: 1 },
  });
}

/** Records how a user gets more tokens. */
export async function recordTokens({ call, stack }: Recording, { id_user, token }: User): Promise<void> {
  for (const mediaType of mediaTypes) {
    await call({
      operation: 'users_id_user_token_post',
      status: 200,
      ...callersOf(stack.partner).bearer_key,
      name: 'bearer_key',
      summary: 'Another token of a user of the partner',
      path: { id_user },
      mediaType,
      fields: { application: 'sharedAccess' },
    });
  }
  await call(ownToken(token));
}
