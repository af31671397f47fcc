import { randomUUID } from 'node:crypto';
import { startProxy, type Passed, type Passing } from '../proxy.ts';

/**
 * What can befall one call: its connection breaks before or after it had its effect, and the container lives on; the container dies right
 * after the effect; no answer ever comes, so that the container is killed before any effect; or it is refused as one too many, however often
 * the client repeats it.
 */
export const faults = ['reset before', 'reset after', 'crash after', 'hang', 'throttle'] as const;
type Fault = (typeof faults)[number];

/** The one way from the functions to Secrets Manager and to Budgea. */
export interface Gate {
  /** The origin of both. */
  url: string;
  /** The calls since the last time, `GetSecretValue` or `POST /admin/jwt` for example. */
  calls(): string[];
  /** The next call but `before` meets a fault. */
  plan(before: number, fault: Fault): void;
  /** Meddles with every call from now on, until the next `reset`. */
  meddle(meddle: Meddling): void;
  /** Resolves when a call hangs. */
  hung(): Promise<void>;
  /** Breaks what is on its way and lets nothing through any more. */
  kill(): void;
  isDead(): boolean;
  /** Lets calls through again. */
  revive(): void;
  /** Whether the planned fault is still to come. */
  isWaiting(): boolean;
  /** Forgets what was planned and seen. */
  reset(): void;
  /** Everything secret that passed since the last time. */
  secrets(): string[];
  close(): Promise<void>;
}

/** What a test does with a call; undefined: nothing. */
type Meddling = (
  name: string,
  request: Passing,
  forward: () => Promise<Exclude<Passed, 'broken'>>,
) => Promise<Passed> | undefined;

/** Opens the gate; `secretsManager` and `budgea` give the origins behind it. */
export async function openGate(secretsManager: () => string, budgea: () => string): Promise<Gate> {
  const seen = new Set<string>();
  let calls: string[] = [];
  let planned: { before: number; fault: Fault } | undefined;
  let throttled: string | undefined;
  let meddling: Meddling | undefined;
  let hang = Promise.withResolvers<void>();
  let death = Promise.withResolvers<void>();
  let dead = false;

  const proxy = await startProxy(
    (request) => (operationOf(request) === undefined ? budgea() : secretsManager()),
    async (request, forward) => {
      if (dead) return 'broken';
      noteSecrets(seen, request.headers['authorization'], request.body);
      const name = operationOf(request) ?? `${request.method} ${request.path.replace('/2.0', '')}`;
      // The client's repetitions of a call have the same id.
      const id = request.headers['amz-sdk-invocation-id'] ?? randomUUID();
      calls.push(name);
      const through = async () => {
        const answer = await forward();
        noteSecrets(seen, undefined, answer.body);
        return answer;
      };
      const fault = id === throttled ? 'throttle' : due();
      if (fault === undefined) return meddling?.(name, request, through) ?? through();
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
      if (fault !== 'reset before') await through();
      return 'broken';
    },
  );

  /** The fault of the call that just came, if it has one. */
  function due(): Fault | undefined {
    if (planned === undefined || planned.before-- > 0) return undefined;
    const { fault } = planned;
    planned = undefined;
    return fault;
  }

  return {
    url: proxy.url,
    calls: () => calls.splice(0),
    plan: (before, fault) => (planned = { before, fault }),
    meddle: (wanted) => (meddling = wanted),
    hung: () => hang.promise,
    kill() {
      dead = true;
      death.resolve();
    },
    isDead: () => dead,
    revive,
    isWaiting: () => planned !== undefined,
    reset() {
      revive();
      planned = undefined;
      throttled = undefined;
      meddling = undefined;
      calls = [];
      seen.clear();
    },
    secrets() {
      const secrets = [...seen];
      seen.clear();
      return secrets;
    },
    close: () => proxy.close(),
  };

  function revive(): void {
    dead = false;
    hang = Promise.withResolvers();
    death = Promise.withResolvers();
  }
}

const throttling: Passed = {
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: '{"__type":"ThrottlingException","Message":"Rate exceeded"}',
};

const tooManyRequests: Passed = {
  status: 429,
  headers: { 'content-type': 'application/json', 'retry-after': '1' },
  body: '{"code":"tooManyRequests","description":"Too many requests"}',
};

/** The operation of Secrets Manager; undefined for a call of Budgea. */
function operationOf({ headers }: Passing): string | undefined {
  return headers['x-amz-target']?.split('.')[1];
}

/** Bearer tokens, and whatever is in a secret's value or an answer with a JWT. */
function noteSecrets(seen: Set<string>, authorization: string | undefined, body: string): void {
  const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  const values = [...body.matchAll(/"(?:SecretString|jwt_token)":("(?:[^"\\]|\\.)*")/g)].map(
    ([, value = '""']) => JSON.parse(value) as string,
  );
  for (const secret of [bearer ?? '', ...values.flatMap(longStrings)]) if (secret !== '') seen.add(secret);
}

/** Ids and names in a value are shorter than its secrets; a JWT is one as a whole and in its parts. */
function longStrings(value: string): string[] {
  const strings = value.startsWith('{') ? [...value.matchAll(/"([^"]+)"/g)].map(([, text = '']) => text) : [value];
  return [...strings, ...strings.flatMap((text) => text.split('.'))].filter(
    (text) => text.length >= 24 && text !== jwtHeader,
  );
}

/** Every JWT of this API begins with it. */
const jwtHeader = Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url');
