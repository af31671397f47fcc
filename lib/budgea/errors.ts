import * as v from 'valibot';
import { errorEnvelope } from './specification.ts';

/** The form of an error code. Digits are excluded, so that an echoed secret is not taken for a code. */
const codePattern = /^[A-Za-z_]{1,40}$/;

/**
 * The API returned an error: a status outside 2xx. Logs of the error contain the status and the code only, because the headers and the body can
 * repeat a secret.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status. */
  readonly status: number;
  /** The API's error code, for example `invalidToken`. Undefined when the body is not the API's error envelope. */
  readonly code: string | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #body: unknown;

  constructor(operation: string, status: number, headers: Readonly<Record<string, string>>, body: unknown) {
    const envelope = v.safeParse(errorEnvelope(), body);
    const code = envelope.success && codePattern.test(envelope.output.code) ? envelope.output.code : undefined;
    super(`${operation} answered ${status}${code === undefined ? '' : ` ${code}`}`);
    this.status = status;
    this.code = code;
    this.#headers = headers;
    this.#body = body;
  }

  /** The response's headers, with names in lower case. */
  get headers(): Readonly<Record<string, string>> {
    return this.#headers;
  }

  /** The response's body, parsed if it is JSON. */
  get body(): unknown {
    return this.#body;
  }
}

/**
 * The reason of a {@link TransportError}. `unreachable` and `tls`: no connection was established. `timeout`: one of the configured timeouts passed.
 * `aborted`: the caller's signal aborted. `broken`: the connection ended. `too-large`: the response exceeds 1 MiB. `malformed`: the response does not
 * match the specification. `unexpected-user`: the response is about another user than the requested one.
 */
export type TransportFailure =
  'unreachable' | 'tls' | 'timeout' | 'aborted' | 'broken' | 'too-large' | 'malformed' | 'unexpected-user';

/** The call ended without a valid response. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly failure: TransportFailure;
  /** Whether any part of the request may have reached the server. */
  readonly sent: boolean;

  constructor(failure: TransportFailure, message: string, { sent }: { sent: boolean }) {
    super(message);
    this.failure = failure;
    this.sent = sent;
  }
}

/** Returns the error for a response about another user than the requested one. */
export function unexpectedUser(operation: string): TransportError {
  return new TransportError('unexpected-user', `${operation} returned an unexpected user`, { sent: true });
}
