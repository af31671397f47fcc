import type { Context } from 'aws-lambda';
import type { PresentedKey } from '../partner-key.ts';
import { type Deadline, deadline } from '../transport/deadline.ts';
import type { Operation, OperationId } from './table.ts';

/** One invocation of a function. Its deadline reserves time for the response. */
export interface Invocation extends Deadline {
  readonly requestId: string;
  /** The caller's `traceparent`, if it is valid. */
  readonly traceparent: string | undefined;
  readonly log: CallLog;
  /** Work that runs while the call waits for upstream. It is awaited before the response and never rejects. */
  backgroundTask?: () => Promise<void>;
}

/** Events that are counted as metrics, for alarms. */
export type CountedEvent =
  /** Upstream rejected a credential of the gateway, and there is no newer one. */
  | 'CredentialRejected'
  /** A newly created user is already recorded as another partner's. */
  | 'OwnershipConflict'
  /** A user or a token that must not be used could not be removed. */
  | 'UndoFailed'
  /** A user was deleted, but its ownership was not. */
  | 'OwnershipLeft'
  /** A temporary user became permanent, but its ownership still expires. */
  | 'OwnershipNotExtended'
  /** Upstream returned another user than the requested one. */
  | 'UnexpectedUser'
  /** Upstream issued a token that is not a valid header value. */
  | 'UnusableToken'
  /** A fetched certificate could not be stored. */
  | 'CertificateNotKept'
  /** The date of a fetched or stored certificate is invalid or in the future, so their ages were not compared. */
  | 'CertificateDateIgnored';

/** The fields of a call's log line in addition to its result. Every field is safe to log. */
interface CallLog {
  kind?: string;
  partner?: string;
  key_id?: string;
  id_user?: string;
  code?: string;
  detail?: string;
  cause?: string;
  upstream_attempts: number;
  upstream_ms: number;
  upstream_status?: number;
  /** Metrics to increment by one. */
  count: CountedEvent[];
}

/** One call. The middlewares fill its fields in order. */
export interface Call extends Invocation {
  readonly id: OperationId;
  readonly operation: Operation;
  /** When the call started, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Whether the client is a browser, which gets errors as a page. */
  readonly browser: boolean;
  /** Fields of the query or the body, not validated. */
  fields: Readonly<Record<string, unknown>>;
  credential: Credential;
  caller: Caller;
  /** Validated path parameters and fields. */
  input: unknown;
}

/** The credential of a request: a partner key in one of three places, an upstream token, or none. `key` is undefined when it is malformed. */
export type Credential =
  | { kind: 'client' | 'bearer_key' | 'api_key'; key: PresentedKey | undefined }
  | { kind: 'token'; token: string }
  | { kind: 'anonymous' };

/** An authenticated partner. */
export interface Partner {
  kind: 'client' | 'bearer_key' | 'api_key';
  clientId: string;
  /** The id of the key, which may be logged. */
  keyId: string;
  /** Records that the key was used, once for any number of calls. Never rejects. */
  readonly trackUse: () => Promise<void>;
  /** Returns whether the partner's grants pass the test. The record is refreshed before it returns false. Throws GatewayError `unavailable`. */
  allows(test: (grants: readonly string[]) => boolean): Promise<boolean>;
}

/** An authenticated caller. */
export type Caller = Partner | { kind: 'token'; token: string } | { kind: 'anonymous' };

/** Returns whether the caller is a partner, with any kind of credential. */
export function isPartner(caller: Caller): caller is Partner {
  return caller.kind !== 'token' && caller.kind !== 'anonymous';
}

/** The maximum duration of an invocation's upstream calls, in milliseconds. */
const maxDuration = 25_000;
/** The part of the invocation's time that is reserved for the response, in milliseconds. */
const responseReserve = 500;
/** The part that is reserved for recording or undoing a new user, in milliseconds; at most a third of the remaining time. */
const undoReserve = 9_500;

/** Creates an invocation from Lambda's context. `mayUndo` reserves time for undoing a created user. */
export function createInvocation(context: Context, mayUndo: boolean, traceparent?: string): Invocation {
  const remaining = context.getRemainingTimeInMillis();
  const reserve = mayUndo ? Math.min(undoReserve, remaining / 3) : responseReserve;
  return {
    requestId: context.awsRequestId,
    traceparent,
    ...deadline(Math.max(1, Math.min(maxDuration, Math.floor(remaining - reserve)))),
    log: { upstream_attempts: 0, upstream_ms: 0, count: [] },
  };
}
