/** How long to wait, in milliseconds. */
export interface Timeouts {
  /** For a connection, TLS included: by default 3 seconds. */
  connect: number;
  /** For the answer's headers, and between two pieces of its body: by default 10 seconds. */
  headers: number;
  /** For the whole call, repeats included: by default 25 seconds. */
  total: number;
}

/** What can be configured; everything has a default. */
export interface ConfigurationOptions {
  /** The API's base URL: a Budgea domain, a gateway or a sandbox, `/2.0` included. */
  basePath?: string;
  /** What `Authorization` carries: a user token, a manage token or, against a gateway, a partner key. */
  apiKey?: string | undefined;
  /** Goes before the key, `Bearer` for example; without it the key stands alone, as the specification's generated clients send it. */
  apiKeyPrefix?: string | undefined;
  timeouts?: Partial<Timeouts>;
  /** Ends every call early. */
  signal?: AbortSignal | undefined;
}

/**
 * Where the API is and how to call it. A logged configuration does not show the key. Throws a TypeError when the base URL is not a plain
 * http or https URL, when no header can carry the key, or when a timeout is not a positive whole number.
 */
export class Configuration {
  readonly basePath: string;
  readonly timeouts: Readonly<Timeouts>;
  readonly signal: AbortSignal | undefined;
  readonly #authorization: string | undefined;

  constructor({
    basePath = 'https://demo.biapi.pro/2.0/',
    apiKey,
    apiKeyPrefix,
    timeouts,
    signal,
  }: ConfigurationOptions = {}) {
    const { connect = 3_000, headers = 10_000, total = 25_000 } = timeouts ?? {};
    this.basePath = checkedBase(basePath);
    this.timeouts = checkedTimeouts({ connect, headers, total });
    this.signal = signal;
    this.#authorization = checkedHeader(apiKey !== undefined && apiKeyPrefix ? `${apiKeyPrefix} ${apiKey}` : apiKey);
  }

  /** The value of the `Authorization` header. */
  get authorization(): string | undefined {
    return this.#authorization;
  }
}

let lastChecked = { given: '', base: '' };

/** Whoever calls often makes many configurations of one address. */
function checkedBase(basePath: string): string {
  if (lastChecked.given !== basePath) lastChecked = { given: basePath, base: checkBase(basePath) };
  return lastChecked.base;
}

function checkBase(basePath: string): string {
  const url = URL.parse(basePath);
  const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  // The value is not quoted: it can hold a password.
  if (!plain || !/^https?:$/.test(url.protocol)) throw new TypeError('basePath must be a plain http or https URL');
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function checkedTimeouts(timeouts: Timeouts): Timeouts {
  for (const [name, time] of Object.entries(timeouts)) {
    if (!Number.isInteger(time) || time <= 0) throw new TypeError(`timeouts.${name} must be positive and whole`);
  }
  return timeouts;
}

function checkedHeader(value: string | undefined): string | undefined {
  if (value === undefined || /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new TypeError('apiKey holds a character that no header can carry');
}
