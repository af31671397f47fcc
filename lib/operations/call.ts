import type { Context } from 'aws-lambda';
import { type Deadline, deadline } from '../transport/deadline.ts';
import type { Operation, OperationId } from './table.ts';

/** What every call upstream needs to know of the invocation that makes it; its deadline leaves time for an answer. */
export interface Invocation extends Deadline {
  readonly requestId: string;
  /** The caller's trace, when it sent a valid one. */
  readonly traceparent: string | undefined;
  readonly log: CallLog;
  /** What can be done while upstream is waited for; it is done before there is an answer, and never fails. */
  backgroundTask?: () => Promise<void>;
}

/** What is counted, so that alarms and an operator see it. */
export type CountedEvent =
  /** Upstream rejected a credential that the gateway attached, and there is no newer one. */
  | 'CredentialRejected'
  /** A user that was just created is recorded as another partner's. */
  | 'OwnershipConflict'
  /** A user or a token that nobody was to have could not be removed. */
  | 'UndoFailed'
  /** A user is deleted, and the record of whose it was is not. */
  | 'OwnershipLeft'
  /** A temporary user has become permanent, and its ownership still expires. */
  | 'OwnershipNotExtended'
  /** Upstream answered about another user than the one that was asked for. */
  | 'UnexpectedUser'
  /** Upstream issued a token that no header can carry. */
  | 'UnusableToken'
  /** A certificate was fetched and not kept. */
  | 'CertificateNotKept'
  /** The date of a fetched or kept certificate is impossible or in the future, so that their ages were not compared. */
  | 'CertificateDateIgnored';

/** What the log line of a call says beyond its result; every field is safe to log. */
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
  /** Names of metrics to raise by one. */
  count: CountedEvent[];
}

/** One call on its way through the stack; each middleware adds what it finds out. */
export interface Call extends Invocation {
  readonly id: OperationId;
  readonly operation: Operation;
  /** When the call began, milliseconds since the epoch. */
  readonly startedAt: number;
  /** Whether a person looks on, so that a refusal has to be a page. */
  readonly browser: boolean;
  /** Fields of the query or the body, as they came. */
  fields: Readonly<Record<string, unknown>>;
  credential: Credential;
  caller: Caller;
  /** Path parameters and fields, checked. */
  input: unknown;
}

/** A well-formed partner key: the partner that it names, and the hash that the partner's record must hold. */
export interface PresentedKey {
  clientId: string;
  /** SHA-256 of the whole key, hexadecimal. */
  hash: string;
}

/** What a request presents: a partner key in one of three places, an upstream token, or nothing. `key` is undefined when it is malformed. */
export type Credential =
  | { kind: 'client' | 'bearer_key' | 'api_key'; key: PresentedKey | undefined }
  | { kind: 'token'; token: string }
  | { kind: 'anonymous' };

/** A partner that proved who it is. */
export interface Partner {
  kind: 'client' | 'bearer_key' | 'api_key';
  clientId: string;
  /** Which of its keys, as it may be logged. */
  keyId: string;
  /** Notes that the key was used, once however often it is asked for; never fails. */
  readonly trackUse: () => Promise<void>;
  /** Returns whether the partner's grants pass the test; only a fresh record fails it. Throws GatewayError `unavailable`. */
  allows(test: (grants: readonly string[]) => boolean): Promise<boolean>;
}

/** Who calls. */
export type Caller = Partner | { kind: 'token'; token: string } | { kind: 'anonymous' };

/** Whether the caller is a partner, by whichever kind of credential. */
export function isPartner(caller: Caller): caller is Partner {
  return caller.kind !== 'token' && caller.kind !== 'anonymous';
}

/** The longest that an invocation may work, in milliseconds. */
const longest = 25_000;
/** Kept of the invocation's time to answer in. */
const answering = 500;
/** Kept of it where a user may have to be recorded, looked for and taken back before there is an answer; a third of a short one. */
const settling = 9_500;

/** What calls upstream need to know of an invocation, made of Lambda's context; `settles` when a call may leave something to take back. */
export function createInvocation(context: Context, settles: boolean, traceparent?: string): Invocation {
  const remaining = context.getRemainingTimeInMillis();
  const reserve = settles ? Math.min(settling, remaining / 3) : answering;
  return {
    requestId: context.awsRequestId,
    traceparent,
    ...deadline(Math.max(1, Math.min(longest, Math.floor(remaining - reserve)))),
    log: { upstream_attempts: 0, upstream_ms: 0, count: [] },
  };
}
