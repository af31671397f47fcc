import { errorEnvelope } from '../schemas/responses.ts';

/** Budgea answered, and the answer is a refusal or a failure: any status outside 2xx. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status. */
  readonly status: number;
  /** Budgea's error code, such as `invalidToken`; undefined when the body is not Budgea's error envelope. */
  readonly code: string | undefined;
  /** The answer's headers, names in lower case. */
  declare readonly headers: Readonly<Record<string, string>>;
  /** The answer's body, parsed when it is JSON. */
  declare readonly body: unknown;

  constructor(operation: string, status: number, headers: Readonly<Record<string, string>>, body: unknown) {
    const envelope = errorEnvelope.safeParse(body);
    const code = envelope.success ? envelope.data.code : undefined;
    super(`${operation} answered ${status}${code === undefined ? '' : ` ${code}`}`);
    this.status = status;
    this.code = code;
    this.headers = headers;
    // Not enumerable, so that a logged error does not show what the server echoed.
    Object.defineProperty(this, 'body', { value: body, enumerable: false });
    Object.defineProperty(this, 'headers', { value: headers, enumerable: false });
  }
}

/**
 * Why there is no usable answer: `unreachable` and `tls` before anything was sent; `timeout` (of connecting, of the answer's start, or of the
 * whole call), `broken` (the connection ended), `too-large` and `malformed` (not what the specification says).
 */
export type TransportFailure = 'unreachable' | 'tls' | 'timeout' | 'broken' | 'too-large' | 'malformed';

/** There is no usable answer. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly failure: TransportFailure;
  /** Whether a byte of the request may have arrived. */
  readonly sent: boolean;

  constructor(failure: TransportFailure, message: string, { sent, cause }: { sent: boolean; cause?: unknown }) {
    super(message, { cause });
    this.failure = failure;
    this.sent = sent;
  }
}
