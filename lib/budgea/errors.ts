import * as v from 'valibot';
import { errorEnvelope } from './specification.ts';

/** Letters alone, so that nothing secret passes for a code when a server echoes what it was sent. */
const readsAsCode = /^[A-Za-z_]{1,40}$/;

/**
 * Budgea answered, and the answer is a refusal or a failure: any status outside 2xx. What is logged of it shows the status and the code; the
 * headers and the body, which can repeat a secret, have to be asked for.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status. */
  readonly status: number;
  /** Budgea's error code, such as `invalidToken`; undefined when the body is not Budgea's error envelope. */
  readonly code: string | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #body: unknown;

  constructor(operation: string, status: number, headers: Readonly<Record<string, string>>, body: unknown) {
    const envelope = v.safeParse(errorEnvelope(), body);
    const code = envelope.success && readsAsCode.test(envelope.output.code) ? envelope.output.code : undefined;
    super(`${operation} answered ${status}${code === undefined ? '' : ` ${code}`}`);
    this.status = status;
    this.code = code;
    this.#headers = headers;
    this.#body = body;
  }

  /** The answer's headers, names in lower case. */
  get headers(): Readonly<Record<string, string>> {
    return this.#headers;
  }

  /** The answer's body, parsed when it is JSON. */
  get body(): unknown {
    return this.#body;
  }
}

/**
 * Why there is no usable answer: `unreachable` and `tls` before anything was sent; `timeout` (of connecting, of the answer's start, of its
 * next piece, or of the whole call), `aborted` (by the caller's signal), `broken` (the connection ended), `too-large` (over 1 MiB),
 * `malformed` (not what the specification says) and `unexpected-user` (about another user than the one that was asked for).
 */
export type TransportFailure =
  'unreachable' | 'tls' | 'timeout' | 'aborted' | 'broken' | 'too-large' | 'malformed' | 'unexpected-user';

/** There is no usable answer. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly failure: TransportFailure;
  /** Whether a byte of the request may have arrived. */
  readonly sent: boolean;

  constructor(failure: TransportFailure, message: string, { sent }: { sent: boolean }) {
    super(message);
    this.failure = failure;
    this.sent = sent;
  }
}

/** Returns the error for an answer about another user than the one that was asked for. */
export function unexpectedUser(operation: string): TransportError {
  return new TransportError('unexpected-user', `${operation} returned an unexpected user`, { sent: true });
}
