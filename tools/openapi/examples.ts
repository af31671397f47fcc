import type { MediaType } from '#lib/budgea/specification.ts';
import type { Values } from '#lib/openapi/examples.ts';
import type { CallerKind, OperationId } from '#lib/operations/table.ts';
import type { DemoPartner, DemoPartners } from '#local/demo-partners.ts';
import type { Answer, Call } from '../calls.ts';

// The example calls of every operation. The document, the benchmark, the cost model and the rehearsal take theirs from here: a new operation
// needs an entry in `examples` and nothing else in tools/.

/** A call that the document can show. */
export interface ExampleCall extends Call {
  caller: CallerKind;
  summary: string;
  /** The caller by default. */
  name?: string;
  /** The operation's success status by default. */
  status?: number;
}

/** A user of the partner. */
export interface User {
  id_user: number;
  token: string;
}

/** The partners and certificate type that example calls use. */
export interface ExamplePartners extends DemoPartners {
  certificateType: string;
}

/** Prepares example calls. */
export interface ExampleContext extends ExamplePartners {
  newUser: (partner?: DemoPartner) => Promise<User>;
  newCode: (user: User) => Promise<string>;
  newToken: (user: User) => Promise<string>;
  newManageJwt: () => Promise<string>;
  /** Visits the bank, for a new user by default, and returns the query with which the browser reaches the callback. */
  visitBank: (decision: 'approve' | 'refuse', user?: User) => Promise<Values>;
}

/** The context of the recorded examples. */
interface Recording extends ExampleContext {
  user: User;
  /** The banking API's admin token. */
  adminToken: string;
  /** Makes a call of the operation whose entry runs, and records it. */
  call: (call: Omit<ExampleCall, 'operation'>) => Promise<Answer>;
}

interface OperationExamples {
  /** Returns the call that partners make most often. */
  typical(context: ExampleContext): Omit<Call, 'operation'> | Promise<Omit<Call, 'operation'>>;
  /** Makes one call for each kind of caller, and each media type. */
  record(recording: Recording): Promise<unknown>;
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const multipart = 'multipart/form-data';
const mediaTypes: readonly MediaType[] = [json, form, multipart];

/** The examples, in the order in which they are recorded: the last entries delete the user. */
export const examples: Readonly<Record<OperationId, OperationExamples>> = {
  auth_init_post: {
    typical: ({ partner }) => ({ mediaType: form, fields: idAndKey(partner) }),
    async record({ call, partner, newManageJwt }) {
      const summary = 'A new user, by client id and key';
      for (const mediaType of mediaTypes) {
        await call({ caller: 'client', summary, mediaType, fields: idAndKey(partner) });
      }
      await call({ ...byKey(partner), summary: 'A new user, by the key in Authorization' });
      await call({
        caller: 'api_key',
        headers: apiKey(partner),
        summary: 'A temporary user, by the key in x-api-key',
      });
      await call({ ...byToken(await newManageJwt()), summary: 'A new user without a partner, by a manage JWT' });
    },
  },
  admin_jwt_post: {
    typical: ({ manager }) => ({ ...byKey(manager), mediaType: form, fields: { scope: 'config', duration: 5 } }),
    async record({ call, adminToken, manager }) {
      await call({
        ...byToken(adminToken),
        summary: 'A manage JWT, by the banking API’s admin token',
        mediaType: json,
        fields: { scope: 'users', duration: 5 },
      });
      await call({ ...manageJwt(manager), mediaType: multipart });
      const summary = 'The defaults: the scope config, for one minute';
      await call({ ...byKey(manager), name: 'shortest', summary, mediaType: form, fields: { duration: 1 } });
    },
  },
  users_id_user_get: {
    typical: async ({ partner, newUser }) => ({ ...byKey(partner), path: idOf(await newUser()) }),
    async record({ call, partner, manager, user }) {
      await call({ ...byKey(partner), summary: 'A user of the partner, by the key', path: idOf(user) });
      const summary = 'All users, with the grant users:all';
      await call({ ...byKey(manager), name: 'all', summary, path: { id_user: 'all' } });
      await call({
        ...byToken(user.token),
        summary: 'The token’s own user, with bank connections',
        path: { id_user: 'me' },
        query: { expand: 'connections' },
      });
    },
  },
  auth_jwt_post: {
    typical: async ({ partner, newUser }) => ({
      mediaType: form,
      fields: { ...idAndKey(partner), ...idOf(await newUser()) },
    }),
    async record({ call, partner, manager, user, newManageJwt }) {
      const summary = 'A JWT of one of the partner’s users';
      const fields = idOf(user);
      await call({ ...byBasic(partner), summary: `${summary}, by HTTP Basic`, mediaType: json, fields });
      for (const mediaType of mediaTypes) {
        await call({ caller: 'client', summary, mediaType, fields: { ...idAndKey(partner), ...fields } });
      }
      await call({ ...byKey(partner), name: 'new_user', summary: 'A JWT of a new user' });
      await call({
        ...byKey(manager),
        name: 'permanent',
        summary: 'A JWT that never expires, with the grant jwt:permanent',
        mediaType: json,
        fields: { expire: false },
      });
      const token = byToken(await newManageJwt());
      await call({ ...token, summary: 'A user’s JWT, by a manage JWT', mediaType: json, fields });
    },
  },
  users_id_user_token_post: {
    typical: async ({ partner, newUser }) => ({
      ...byKey(partner),
      path: idOf(await newUser()),
      mediaType: form,
      fields: { application: 'sharedAccess' },
    }),
    async record({ call, partner, user, newToken }) {
      const summary = 'Another token of a user of the partner';
      const fields = { application: 'sharedAccess' };
      for (const mediaType of mediaTypes) {
        await call({ ...byKey(partner), summary, path: idOf(user), mediaType, fields });
      }
      await newToken(user);
    },
  },
  auth_token_code_get: {
    typical: async ({ newUser }) => byToken((await newUser()).token),
    async record({ call, user, newCode }) {
      const single = { ...byToken(user.token), name: 'single', summary: 'A code that works once' };
      const fields = { type: 'singleAccess' };
      await call({ ...single, query: fields });
      for (const mediaType of mediaTypes) await call({ ...single, method: 'POST', mediaType, fields });
      await newCode(user);
    },
  },
  auth_token_access_post: {
    typical: async ({ partner, newUser, newCode }) => ({
      mediaType: form,
      fields: { ...idAndKey(partner), code: await newCode(await newUser()) },
    }),
    async record({ call, partner, user, newCode }) {
      const { redirect_uri } = partner;
      for (const mediaType of [json, form] as const) {
        const summary = 'The user’s token, by HTTP Basic as OAuth clients send it';
        await call({ ...byBasic(partner), summary, mediaType, fields: { code: await newCode(user) } });
      }
      for (const mediaType of mediaTypes) {
        const fields = { ...idAndKey(partner), code: await newCode(user) };
        await call({ caller: 'client', summary: 'The user’s token, for a code', mediaType, fields });
      }
      await call({
        ...byBasic(partner),
        name: 'redirect_uri',
        summary: 'With every field that OAuth clients send',
        mediaType: form,
        fields: { grant_type: 'authorization_code', code: await newCode(user), redirect_uri },
      });
    },
  },
  certificate_type_get: {
    typical: ({ partner, certificateType: type }) => ({ ...byKey(partner), path: { type } }),
    async record({ call, partner, certificateType: type, user }) {
      const path = { type };
      const summary = 'The stored copy';
      await call({ ...byBasic(partner), name: 'client', summary: `${summary}, with HTTP Basic`, path });
      await call({ ...byKey(partner), summary: `${summary}, by the key in Authorization`, path });
      await call({
        caller: 'api_key',
        headers: apiKey(partner),
        summary: `${summary}, by the key in x-api-key`,
        path,
      });
      await call({ ...byToken(user.token), summary: 'The banking API’s own answer', path });
    },
  },
  webauth_get: {
    typical: ({ partner }) => ({ query: connect(partner) }),
    record: ({ visitBank, user }) => visitBank('approve', user),
  },
  webauth_callback_get: {
    typical: async ({ visitBank }) => ({ query: await visitBank('approve') }),
    async record({ call, user, visitBank }) {
      for (const [decision, name, summary] of [
        ['approve', 'approved', 'The person connected a bank'],
        ['refuse', 'refused', 'The person refused at the bank'],
      ] as const) {
        await call({ caller: 'anonymous', name, summary, query: await visitBank(decision, user) });
      }
    },
  },
  hash_delete: {
    typical: async ({ newUser }) => byToken((await newUser()).token),
    record: ({ call, user }) => call({ ...byToken(user.token), summary: 'All bank connections of the token’s user' }),
  },
  auth_token_delete: {
    typical: async ({ newUser }) => byToken((await newUser()).token),
    record: async ({ call, user, newToken }) =>
      call({ ...byToken(await newToken(user)), summary: 'The token that the call is made with' }),
  },
  users_id_user_delete: {
    typical: async ({ partner, newUser }) => ({ ...byKey(partner), path: idOf(await newUser()) }),
    async record({ call, partner, user, newUser }) {
      await call({ ...byKey(partner), summary: 'A user of the partner, by the key', path: idOf(user) });
      const { token } = await newUser();
      await call({ ...byToken(token), summary: 'The token’s own user', path: { id_user: 'me' } });
    },
  },
};

/** Every operation, in the order in which its examples are recorded. */
export const operationIds = Object.keys(examples) as OperationId[]; // The type of `examples` allows no other keys.

/** Returns the call of an operation that partners make most often. */
export async function typicalCall(operation: OperationId, context: ExampleContext): Promise<Call> {
  return { operation, ...(await examples[operation].typical(context)) };
}

/** Makes example calls on a gateway through `call`; the bank redirects the browser to `callbackUrl`. */
export function exampleContext(
  partners: ExamplePartners,
  callbackUrl: string,
  call: (call: ExampleCall) => Promise<Answer>,
): ExampleContext {
  const { partner, manager } = partners;
  const newCode = async ({ token }: User) => {
    const summary = 'A code that works until it expires';
    return String((await call({ operation: 'auth_token_code_get', ...byToken(token), summary })).body['code']);
  };
  return {
    ...partners,
    newCode,
    async newUser(owner = partner) {
      const { body } = await call({
        operation: 'auth_init_post',
        ...byBasic(owner),
        summary: 'A new user, by HTTP Basic',
        // An example without a key in its body works with the credentials that are entered on the API page.
        mediaType: json,
        fields: {},
      });
      return { id_user: Number(body['id_user']), token: String(body['auth_token']) };
    },
    async newToken({ token }) {
      const { body } = await call({
        operation: 'users_id_user_token_post',
        ...byToken(token),
        summary: 'Another token of the token’s own user',
        path: { id_user: 'me' },
        mediaType: json,
        fields: { application: 'sharedAccess' },
      });
      return String(body['token']);
    },
    async newManageJwt() {
      const { body } = await call({ operation: 'admin_jwt_post', ...manageJwt(manager), mediaType: json });
      return String(body['jwt_token']);
    },
    async visitBank(decision, user) {
      const { location } = await call({
        operation: 'webauth_get',
        caller: 'anonymous',
        name: 'connect',
        summary: 'Redirect to the bank, for a user of the partner',
        query: { ...connect(partner), ...(user && { token: await newCode(user) }) },
      });
      const body = new URLSearchParams({ decision });
      const decided = await fetch(location, { method: 'POST', body, redirect: 'manual' });
      const callback = URL.parse(decided.headers.get('location') ?? '');
      if (callback === null || callback.origin + callback.pathname !== callbackUrl) {
        throw new Error('the bank does not redirect the browser to the callback');
      }
      return Object.fromEntries(callback.searchParams);
    },
  };
}

/** A key or a token in `Authorization`. */
export const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

/** The credentials of HTTP Basic. */
export const basic = ({ client_id, client_secret }: DemoPartner): string =>
  Buffer.from(`${client_id}:${client_secret}`).toString('base64');

const apiKey = ({ client_secret }: DemoPartner) => ({ 'x-api-key': client_secret });
const idAndKey = ({ client_id, client_secret }: DemoPartner) => ({ client_id, client_secret });
const byBasic = (partner: DemoPartner) =>
  ({ caller: 'client', name: 'basic', headers: { authorization: `Basic ${basic(partner)}` } }) as const;
const byKey = ({ client_secret }: DemoPartner) => ({ caller: 'bearer_key', headers: bearer(client_secret) }) as const;
const byToken = (token: string) => ({ caller: 'token', headers: bearer(token) }) as const;
const idOf = ({ id_user }: User) => ({ id_user });
const connect = ({ client_id, redirect_uri }: DemoPartners['partner']) => ({
  client_id,
  redirect_uri,
  state: 'A-STATE-OF-YOURS',
});
const manageJwt = (manager: DemoPartner) => ({
  ...byKey(manager),
  summary: 'A manage JWT for five minutes',
  fields: { scope: 'config', duration: 5 },
});
