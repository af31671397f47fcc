/** Replaces what no document may show, and what differs from run to run. It learns from each answer what later requests will send. */
export interface Fakes {
  /** Lets `fake` stand for a text wherever that text occurs. */
  learn: (real: string, fake: string) => void;
  /** The same value with everything replaced that is known, or known by its field's name. */
  replaced: <T>(value: T) => T;
}

/** When everything happened: midnight of 1 January 2026 in UTC. */
const when = { seconds: 1_767_225_600, text: '2026-01-01 00:00:00' };

/** Makes one that knows texts already; one that holds another comes before it. */
export function createFakes(given: readonly (readonly [real: string, fake: string])[]): Fakes {
  const texts = new Map(given);
  const ids = new Map<string, Map<number, number>>();

  return { learn: (real, fake) => void texts.set(real, fake), replaced: (value) => walk('', value) as typeof value };

  function walk(name: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => walk(name, each));
    if (typeof value === 'object' && value !== null) return object(value);
    return byName(name, value) ?? (typeof value === 'string' ? text(value) : value);
  }

  function object(value: object): unknown {
    const entries = Object.entries(value).map(([name, each]) => [name, walk(name, each)] as const);
    const faked = Object.fromEntries(entries) as Record<string, unknown>;
    // How long something lives is told by two times: the distance between them is kept.
    const { iat, exp } = value as { iat?: number; exp?: number };
    if (iat !== undefined && exp !== undefined) faked['exp'] = when.seconds + exp - iat;
    return faked;
  }

  function byName(name: string, value: unknown): unknown {
    const fake = tokens[name];
    // What a program made up is long; codes of refusals and what a developer wrote are not.
    if (fake !== undefined && typeof value === 'string' && value.length > 30) return remember(value, fake);
    const kind = idKinds[name];
    if (kind !== undefined && /^\d+$/.test(String(value))) {
      const number = id(kind, Number(value));
      return typeof value === 'number' ? number : String(number);
    }
    return constants[name];
  }

  function id(kind: string, real: number): number {
    const seen = ids.get(kind) ?? new Map<number, number>();
    ids.set(kind, seen);
    const fake = seen.get(real) ?? 42 + seen.size;
    seen.set(real, fake);
    return fake;
  }

  function remember(real: string, fake: string): string {
    const known = texts.get(real) ?? fake;
    texts.set(real, known);
    return known;
  }

  function text(value: string): string {
    let faked = value;
    for (const [real, fake] of texts) {
      faked = faked.replaceAll(real, fake).replaceAll(encodeURIComponent(real), encodeURIComponent(fake));
    }
    return faked;
  }
}

/** What differs from run to run whatever it is. */
const constants: Readonly<Record<string, unknown>> = {
  iat: when.seconds,
  signin: when.text,
  created: when.text,
  iss: 11_223_344,
  jti: '00000000-0000-4000-8000-000000000001',
};

const tokens: Readonly<Record<string, string>> = {
  auth_token: 'EXAMPLE-USER-TOKEN',
  access_token: 'EXAMPLE-USER-TOKEN',
  token: 'EXAMPLE-USER-TOKEN',
  code: 'EXAMPLE-CODE',
  jwt_token: 'EXAMPLE.JSON-WEB.TOKEN',
  state: 'EXAMPLE-SEALED-STATE',
  request_id: '00000000-0000-4000-8000-000000000000',
};

const idKinds: Readonly<Record<string, string>> = {
  id: 'user',
  id_user: 'user',
  id_connection: 'connection',
  id_public_key_file: 'file',
  id_private_key_file: 'file',
};
