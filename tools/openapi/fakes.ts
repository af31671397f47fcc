/** Replaces secrets, and values that differ from run to run. Tokens of a response are replaced in later requests too. */
export interface Fakes {
  /** Replaces a text wherever it occurs. */
  add: (real: string, fake: string) => void;
  /** Returns the value with every text that was added, and every field with a special name, replaced. */
  replace: <T>(value: T) => T;
}

/** The time of every example: midnight of 1 January 2026 in UTC. */
const time = { seconds: 1_767_225_600, text: '2026-01-01 00:00:00' };

/** Creates the fakes with these texts; a text that contains another one precedes it. */
export function createFakes(initial: readonly (readonly [real: string, fake: string])[]): Fakes {
  const texts = new Map(initial);
  const ids = new Map<string, Map<number, number>>();

  return { add: (real, fake) => void texts.set(real, fake), replace: (value) => walk('', value) as typeof value };

  function walk(name: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => walk(name, each));
    if (typeof value === 'object' && value !== null) return object(value);
    return byName(name, value) ?? (typeof value === 'string' ? text(value) : value);
  }

  function object(value: object): unknown {
    const entries = Object.entries(value).map(([name, each]) => [name, walk(name, each)] as const);
    const faked = Object.fromEntries(entries) as Record<string, unknown>;
    // The lifetime of a token is the difference of two times, which stays.
    const { iat, exp } = value as { iat?: number; exp?: number };
    if (iat !== undefined && exp !== undefined) faked['exp'] = time.seconds + exp - iat;
    return faked;
  }

  function byName(name: string, value: unknown): unknown {
    const fake = tokens[name];
    // Generated values are long; error codes and written texts are short.
    if (fake !== undefined && typeof value === 'string' && value.length > 30) return remember(value, fake);
    const kind = idKinds[name];
    if (kind !== undefined && /^\d+$/.test(String(value))) {
      const number = id(kind, Number(value));
      return typeof value === 'number' ? number : String(number);
    }
    return constants[name];
  }

  function id(kind: string, real: number): number {
    const numbers = ids.get(kind) ?? new Map<number, number>();
    ids.set(kind, numbers);
    const fake = numbers.get(real) ?? 42 + numbers.size;
    numbers.set(real, fake);
    return fake;
  }

  function remember(real: string, fake: string): string {
    const existing = texts.get(real) ?? fake;
    texts.set(real, existing);
    return existing;
  }

  function text(value: string): string {
    let faked = value;
    for (const [real, fake] of texts) {
      faked = faked.replaceAll(real, fake).replaceAll(encodeURIComponent(real), encodeURIComponent(fake));
    }
    return faked;
  }
}

/** Fields with the same value in every example. */
const constants: Readonly<Record<string, unknown>> = {
  iat: time.seconds,
  signin: time.text,
  created: time.text,
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
