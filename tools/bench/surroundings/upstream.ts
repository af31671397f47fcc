import { createServer, type Server } from 'node:http';

interface Answer {
  /** The method and the path's pattern. */
  call: RegExp;
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: object;
}

const user = { id: 1001, signin: '2026-01-01 00:00:00', platform: 'sharedAccess' };
const token = 'A'.repeat(64);

/** What Budgea would say, without doing anything for it. */
const answers: readonly Answer[] = [
  {
    call: /^GET \/2\.0\/auth\/token\/code/,
    body: { code: token, type: 'temporary', access: 'single', expires_in: 1800 },
  },
  { call: /^GET \/2\.0\/users\/all/, body: { users: [user, user, user] } },
  { call: /^(GET|DELETE) \/2\.0\/users\/[^/]+$/, body: user },
  { call: /^POST \/2\.0\/users\/[^/]+\/token/, body: { token } },
  { call: /^POST \/2\.0\/auth\/init/, body: { auth_token: token, type: 'permanent', expires_in: null, id_user: 1001 } },
  { call: /^POST \/2\.0\/auth\/jwt/, body: { jwt_token: token, payload: { id_user: 1001 } } },
  { call: /^POST \/2\.0\/admin\/jwt/, body: { jwt_token: token, payload: { exp: 4_000_000_000 } } },
  { call: /^POST \/2\.0\/auth\/token\/access/, body: { access_token: token, token_type: 'Bearer' } },
  { call: /^GET \/2\.0\/webauth/, status: 302, headers: { location: 'https://bank.example/sign-in' } },
  { call: /^DELETE \/2\.0\/(auth\/token|hash)$/, status: 204 },
];

/** A server that answers as Budgea does and counts what it is asked. */
export function makeUpstream(count: () => void): Server {
  const texts = new Map(answers.map(({ call, body }) => [call, body && JSON.stringify(body)]));
  return createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    count();
    request.resume();
    const asked = `${request.method} ${request.url}`;
    const {
      call,
      status = 200,
      headers,
    } = answers.find((each) => each.call.test(asked)) ?? { call: /^$/, status: 404 };
    const text = texts.get(call);
    const type = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': text.length };
    response.writeHead(status, { ...type, ...headers }).end(text);
  });
}
