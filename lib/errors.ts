/** What can go wrong, as a caller sees it: the upstream API's codes where it has one. */
export const errorCodes = {
  invalidValue: { status: 400, description: 'A value is not valid.' },
  missingParameter: { status: 400, description: 'A parameter is missing.' },
  invalidCode: {
    status: 400,
    description: 'The code is not valid: it is unknown, expired, used, or of another client.',
  },
  unauthorized: {
    status: 401,
    description: 'Credentials are missing: send client_id and client_secret, or a key or token in Authorization.',
  },
  invalidClient: { status: 401, description: 'The client credentials are not valid.' },
  invalidToken: { status: 403, description: 'The token is not valid.' },
  forbidden: { status: 403, description: 'These credentials do not allow this operation.' },
  notFound: { status: 404, description: 'There is no such resource.' },
  payloadTooLarge: { status: 413, description: 'The body is over 16 KiB.' },
  unsupportedMediaType: {
    status: 415,
    description:
      'Send the body as application/json, application/x-www-form-urlencoded or multipart/form-data, in UTF-8.',
  },
  tooManyRequests: { status: 429, description: 'Too many requests: come back after the time in Retry-After.' },
  bug: { status: 500, description: 'The gateway failed; the request id finds the reason in its log.' },
  badGateway: { status: 502, description: 'The banking API gave no usable answer.' },
  unavailable: { status: 503, description: 'Not available at the moment: come back after the time in Retry-After.' },
  gatewayTimeout: { status: 504, description: 'The banking API did not answer in time.' },
} as const satisfies Record<string, { status: number; description: string }>;

/** A code of {@link failures}. */
export type ErrorCode = keyof typeof errorCodes;

/** More about a failure. */
export interface GatewayErrorOptions {
  /** Replaces the code's description for the caller: a sentence that says what to do, without values from the request. */
  description?: string;
  /** For the log only: must hold no secret, token or raw upstream text. */
  detail?: string;
  /** For the log only, reduced to its name and code. */
  cause?: unknown;
  /** Seconds until it is worth coming back. */
  retryAfter?: number;
  /** OAuth's name for it, where it is not the code's own. */
  oauthError?: string;
}

/** Ends a call with a failure that the caller is told; anything else that is thrown becomes `bug`. */
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

/** Ends a scheduled run that must not go on; the message is for the log and holds no secret. */
export class JobError extends Error {
  override readonly name = 'Refused';
}
