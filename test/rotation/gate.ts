import { randomUUID } from 'node:crypto';
import { startProxy, type ProxyResponse, type ProxyRequest } from '../proxy.ts';

/**
 * The faults of a call: the connection breaks before or after the effect; the container dies after the effect; the call hangs, so that the container
 * times out before any effect; or the call and its retries are throttled.
 */
export const faults = ['reset before', 'reset after', 'crash after', 'hang', 'throttle'] as const;
type Fault = (typeof faults)[number];

/** A proxy in front of Secrets Manager and Budgea. */
export type Gate = Awaited<ReturnType<typeof openGate>>;

/** Returns a call's response, or undefined to forward the call. */
type Interceptor = (
  name: string,
  request: ProxyRequest,
  forward: () => Promise<Exclude<ProxyResponse, 'broken'>>,
) => Promise<ProxyResponse> | undefined;

/** Starts a gate in front of the origins of Secrets Manager and Budgea. */
export async function openGate(secretsManager: () => string, budgea: () => string) {
  const secrets = new Set<string>();
  let calls: string[] = [];
  let planned: { before: number; fault: Fault } | undefined;
  let throttled: string | undefined;
  let interceptor: Interceptor | undefined;
  let hang = Promise.withResolvers<void>();
  let death = Promise.withResolvers<void>();
  let dead = false;

  const proxy = await startProxy(
    (request) => (operationOf(request) === undefined ? budgea() : secretsManager()),
    async (request, forward) => {
      if (dead) return 'broken';
      collectSecrets(secrets, request.headers['authorization'], request.body);
      const name = operationOf(request) ?? `${request.method} ${request.path.replace('/2.0', '')}`;
      // The SDK's retries of a call have the same id.
      const id = request.headers['amz-sdk-invocation-id'] ?? randomUUID();
      calls.push(name);
      const forwardAndCollect = async () => {
        const response = await forward();
        collectSecrets(secrets, undefined, response.body);
        return response;
      };
      const fault = id === throttled ? 'throttle' : takeFault();
      if (fault === undefined) return interceptor?.(name, request, forwardAndCollect) ?? forwardAndCollect();
      if (fault === 'throttle') {
        throttled = id;
        return operationOf(request) === undefined ? tooManyRequests : throttling;
      }
      if (fault === 'hang') {
        hang.resolve();
        await death.promise;
        return 'broken';
      }
      if (fault === 'crash after') dead = true;
      if (fault !== 'reset before') await forwardAndCollect();
      return 'broken';
    },
  );

  /** Returns the fault of the current call. */
  function takeFault(): Fault | undefined {
    if (planned === undefined || planned.before-- > 0) return undefined;
    const { fault } = planned;
    planned = undefined;
    return fault;
  }

  function revive(): void {
    dead = false;
    hang = Promise.withResolvers();
    death = Promise.withResolvers();
  }

  return {
    /** The origin of both. */
    url: proxy.url,
    /** Returns the calls since the last time, for example `GetSecretValue` or `POST /admin/jwt`. */
    calls: () => calls.splice(0),
    /** Plans a fault for the call after the next `before` calls. */
    plan: (before: number, fault: Fault) => void (planned = { before, fault }),
    /** Returns whether the planned fault has not occurred yet. */
    isWaiting: () => planned !== undefined,
    /** Intercepts every call until the next `reset`. */
    intercept: (wanted: Interceptor) => void (interceptor = wanted),
    /** Resolves when a call hangs. */
    hung: () => hang.promise,
    /** Breaks running calls and rejects later ones. */
    kill() {
      dead = true;
      death.resolve();
    },
    isDead: () => dead,
    /** Accepts calls again. */
    revive,
    /** Removes the planned fault, the interceptor and the recorded calls. */
    reset() {
      revive();
      planned = throttled = interceptor = undefined;
      calls = [];
      secrets.clear();
    },
    /** Returns the secrets in calls and responses since the last time. */
    secrets() {
      const taken = [...secrets];
      secrets.clear();
      return taken;
    },
    close: () => proxy.close(),
  };
}

const throttling: ProxyResponse = {
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: '{"__type":"ThrottlingException","Message":"Rate exceeded"}',
};

const tooManyRequests: ProxyResponse = {
  status: 429,
  headers: { 'content-type': 'application/json', 'retry-after': '1' },
  body: '{"code":"tooManyRequests","description":"Too many requests"}',
};

/** Returns the operation of Secrets Manager, or undefined for a call of Budgea. */
function operationOf({ headers }: ProxyRequest): string | undefined {
  return headers['x-amz-target']?.split('.')[1];
}

/** Adds the bearer token, and the secret values and JWTs in the body. */
function collectSecrets(secrets: Set<string>, authorization: string | undefined, body: string): void {
  const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  const values = [...body.matchAll(/"(?:SecretString|jwt_token)":("(?:[^"\\]|\\.)*")/g)].map(
    ([, value = '""']) => JSON.parse(value) as string,
  );
  for (const secret of [bearer ?? '', ...values.flatMap(longStrings)]) if (secret !== '') secrets.add(secret);
}

/** Returns the strings in a value that are long enough to be secrets, and the parts of a JWT. */
function longStrings(value: string): string[] {
  const strings = value.startsWith('{') ? [...value.matchAll(/"([^"]+)"/g)].map(([, text = '']) => text) : [value];
  return [...strings, ...strings.flatMap((text) => text.split('.'))].filter(
    (text) => text.length >= 24 && text !== jwtHeader,
  );
}

/** The header of every JWT of this API, which is not secret. */
const jwtHeader = Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url');
