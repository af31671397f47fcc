import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type middy from '@middy/core';
import type { Deadline } from '../budgea/deadline.ts';
import type { Operation, OperationId } from '../operations.ts';
import type { Caller, Credential } from './caller.ts';

/** What every call upstream needs to know of the invocation that makes it; its deadline leaves time for an answer. */
export interface Invocation extends Deadline {
  readonly requestId: string;
  /** The caller's trace, when it sent a valid one. */
  readonly traceparent: string | undefined;
  readonly record: CallRecord;
  /** What can be done while upstream is waited for; it is done before there is an answer, and never fails. */
  meanwhile?: () => Promise<void>;
}

/** What is counted, so that alarms and an operator see it. */
export type Counted =
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
interface CallRecord {
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
  count: Counted[];
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

/** The Lambda context with the call in it. */
export type CallContext = Context & { call: Call };

/** A middleware of the gateway's stack. */
export type Middleware = middy.MiddlewareObj<
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Error,
  CallContext
>;
