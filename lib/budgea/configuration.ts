/** Timeouts in milliseconds. */
export interface Timeouts {
  /** The time to connect, including TLS. Default: 3000. */
  connect: number;
  /** The time until the response's headers, and between two chunks of its body. Default: 10000. */
  headers: number;
  /** The time for the whole call, including a retry. Default: 25000. */
  total: number;
}

/** The options of a {@link Configuration}. */
export interface ConfigurationOptions {
  /** The base URL of a Budgea domain, a gateway or a sandbox, including `/2.0`. Default: `https://demo.biapi.pro/2.0/`. */
  basePath?: string;
  /** The credential for `Authorization`: a user token, a manage token or, at a gateway, a partner key. */
  apiKey?: string | undefined;
  /** The scheme before the key, for example `Bearer`. Without it, the key is sent without a scheme, as by the specification's generated clients. */
  apiKeyPrefix?: string | undefined;
  timeouts?: Partial<Timeouts>;
  /** Aborts every call. */
  signal?: AbortSignal | undefined;
}

/**
 * The API's address, credential and timeouts. The credential does not appear in logs of the object. Throws TypeError when the base URL is not an http
 * or https URL without credentials, query and fragment, when the key contains a character that is invalid in a header, or when a timeout is not a
 * positive integer.
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

let lastChecked = { basePath: '', base: '' };

/** Returns the base URL without a trailing slash. The last one is cached, because applications create many configurations with the same URL. */
function checkedBase(basePath: string): string {
  if (lastChecked.basePath !== basePath) lastChecked = { basePath, base: checkBase(basePath) };
  return lastChecked.base;
}

function checkBase(basePath: string): string {
  const url = URL.parse(basePath);
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  // The message does not repeat the value, which can contain a password.
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw new TypeError('basePath must be an http or https URL without credentials, query or fragment');
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function checkedTimeouts(timeouts: Timeouts): Timeouts {
  for (const [name, time] of Object.entries(timeouts)) {
    if (!Number.isInteger(time) || time <= 0) throw new TypeError(`timeouts.${name} must be a positive integer`);
  }
  return timeouts;
}

function checkedHeader(value: string | undefined): string | undefined {
  if (value === undefined || /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new TypeError('apiKey contains a character that is invalid in a header');
}
