/** The error codes that callers receive, with status and default description. Codes of the upstream API keep their names. */
export const errorCodes = {
  invalidValue: { status: 400, description: 'A value is not valid.' },
  missingParameter: { status: 400, description: 'A parameter is missing.' },
  invalidCode: {
    status: 400,
    description: 'The code is not valid: it is unknown, expired, already used, or issued to another client.',
  },
  unauthorized: {
    status: 401,
    description: 'Credentials are missing: send client_id and client_secret, or a key or token in Authorization.',
  },
  invalidClient: { status: 401, description: 'The client credentials are not valid.' },
  invalidToken: { status: 403, description: 'The token is not valid.' },
  forbidden: { status: 403, description: 'These credentials do not allow this operation.' },
  notFound: { status: 404, description: 'There is no such resource.' },
  payloadTooLarge: { status: 413, description: 'The body is larger than 16 KiB.' },
  unsupportedMediaType: {
    status: 415,
    description:
      'Send the body as application/json, application/x-www-form-urlencoded or multipart/form-data, in UTF-8.',
  },
  tooManyRequests: { status: 429, description: 'Too many requests: retry after the time in Retry-After.' },
  bug: { status: 500, description: 'Internal error: the gateway’s log has the reason under the request id.' },
  badGateway: { status: 502, description: 'The banking API did not return a usable response.' },
  unavailable: { status: 503, description: 'Temporarily unavailable: retry after the time in Retry-After.' },
  gatewayTimeout: { status: 504, description: 'The banking API did not respond in time.' },
} as const satisfies Record<string, { status: number; description: string }>;

/** A key of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** Details of a {@link GatewayError}. */
export interface GatewayErrorOptions {
  /** Replaces the code's description in the response. One sentence that states what to do, without values from the request. */
  description?: string;
  /** Logged, never returned. Must not contain a secret, a token or raw upstream text. */
  detail?: string;
  /** Logged by its name and code, never returned. */
  cause?: unknown;
  /** `Retry-After`, in seconds. */
  retryAfter?: number;
  /** OAuth error code, if it differs from the one that follows from `code`. */
  oauthError?: string;
}

/** An error that is returned to the caller. Any other thrown value is returned as `bug`. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly description: string;
  readonly detail: string | undefined;
  readonly retryAfter: number | undefined;
  readonly oauthError: string | undefined;

  constructor(code: ErrorCode, { description, detail, cause, retryAfter, oauthError }: GatewayErrorOptions = {}) {
    super(detail ?? description ?? code, { cause });
    this.code = code;
    this.description = description ?? errorCodes[code].description;
    this.detail = detail;
    this.retryAfter = retryAfter;
    this.oauthError = oauthError;
  }
}

/** Ends a scheduled run with an error. The message is logged and must not contain a secret. */
export class JobError extends Error {
  override readonly name = 'JobError';
}

/** Returns the error for a request with an invalid value: code `invalidValue`. */
export function invalidValue(description: string): GatewayError {
  return new GatewayError('invalidValue', { description });
}
