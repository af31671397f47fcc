/** Every code that the sandbox answers with: its status, and the same refusal in OAuth's words (RFC 6749 §5.2). */
const CODES = {
  missingParameter: { status: 400, oauth: 'invalid_request' },
  invalidValue: { status: 400, oauth: 'invalid_request' },
  invalidCode: { status: 400, oauth: 'invalid_grant' },
  unauthorized: { status: 401, oauth: 'invalid_client' },
  invalidClient: { status: 401, oauth: 'invalid_client' },
  invalidToken: { status: 403, oauth: 'access_denied' },
  forbidden: { status: 403, oauth: 'access_denied' },
  notFound: { status: 404, oauth: 'invalid_request' },
  methodNotAllowed: { status: 405, oauth: 'invalid_request' },
  tooManyRequests: { status: 429, oauth: 'temporarily_unavailable' },
  bug: { status: 500, oauth: 'server_error' },
  maintenance: { status: 503, oauth: 'temporarily_unavailable' },
} as const;

/** A refusal; `description` is shown to the caller, so it never holds a value that the caller sent. */
export class BudgeaError extends Error {
  readonly code: keyof typeof CODES;
  readonly status: number;
  readonly oauth: string;

  /** `oauth` is given only where OAuth tells cases apart that the API's codes do not. */
  constructor(code: keyof typeof CODES, description: string, oauth: string = CODES[code].oauth) {
    super(description);
    this.code = code;
    this.status = CODES[code].status;
    this.oauth = oauth;
  }
}
