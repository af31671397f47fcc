/** How long to wait, in milliseconds. */
export interface Timeouts {
  /** For a connection, TLS included. */
  connect: number;
  /** For the answer's headers, and between two pieces of its body. */
  headers: number;
  /** For the whole call, repeats included. */
  total: number;
}

/** What can be configured; everything has a default. */
export interface ConfigurationOptions {
  /** The API's base URL: a Budgea domain, a gateway or a sandbox, `/2.0` included. */
  basePath?: string;
  /** What `Authorization` carries: a user token, a manage token or, against a gateway, a partner key. */
  apiKey?: string;
  /** Goes before the key, `Bearer` for example; without it the key stands alone, as the specification's generated clients send it. */
  apiKeyPrefix?: string;
  timeouts?: Partial<Timeouts>;
}

/** Where the API is and how to call it. Throws a TypeError when the base URL is not an http or https URL. */
export class Configuration {
  readonly basePath: string;
  declare readonly authorization: string | undefined;
  readonly timeouts: Timeouts;

  constructor({ basePath = 'https://demo.biapi.pro/2.0/', apiKey, apiKeyPrefix, timeouts }: ConfigurationOptions = {}) {
    const { protocol, origin, pathname } = new URL(basePath);
    if (protocol !== 'https:' && protocol !== 'http:') throw new TypeError('basePath must be an http or https URL');
    this.basePath = origin + pathname.replace(/\/+$/, '');
    const authorization = apiKey !== undefined && apiKeyPrefix ? `${apiKeyPrefix} ${apiKey}` : apiKey;
    this.timeouts = { connect: 3_000, headers: 10_000, total: 25_000, ...timeouts };
    // Not enumerable, so that a logged configuration does not show the key.
    Object.defineProperty(this, 'authorization', { value: authorization, enumerable: false });
  }
}
