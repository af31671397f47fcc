/**
 * What happens in the local stack, as server-sent events: `GET /_console/events` at the root of the gateway's local server, outside of the
 * API's `/2.0`. Each event's data is one line of JSON. No value that a caller, an upstream or a secret gave is in any of them: names alone.
 *
 * | event     | data           | id  |
 * | --------- | -------------- | --- |
 * | `call`    | `CallEvent`    | yes |
 * | `job`     | `JobEvent`     | yes |
 * | `ready`   | `{}`           | no  |
 * | `changed` | `ChangedEvent` | no  |
 *
 * First come the last calls and runs, 200 at most, then `ready`, then what happens from now on. With `Last-Event-ID`, only those come first
 * that are newer; with the id of another run of the stack, all of them.
 */
export interface Happenings {
  call: CallEvent;
  job: JobEvent;
}

/** A call that the gateway answered: its function's log line (all fields but `_aws`), and what the local servers saw around it. */
export interface CallEvent {
  /** Also the answer's `x-request-id`. */
  request_id: string;
  /** When it began, ISO 8601. */
  time: string;
  level: 'INFO' | 'ERROR';
  environment: string;
  /** The row in the table of operations, `auth_init_post` for example. */
  operation: string;
  outcome: 'success' | 'refused' | 'failed';
  status: number;
  /** The kind of credential; absent where none is looked at. */
  kind?: 'client' | 'bearer_key' | 'api_key' | 'token' | 'anonymous';
  /** The calling partner's client id, once its key is proved. */
  partner?: string;
  key_id?: string;
  id_user?: string;
  /** The refusal's code, and for the log alone why. */
  code?: string;
  detail?: string;
  cause?: string;
  /** In the function, upstream included. */
  duration_ms: number;
  upstream_attempts: number;
  upstream_ms: number;
  /** Of the last answer. */
  upstream_status?: number;
  cold_start: boolean;
  function: string;
  /** What the caller sent. */
  request: Sent;
  /** What it got. */
  answer: { headers: readonly string[]; fields: readonly string[]; bytes: number };
  /** What the sandbox was asked on the way, each attempt by itself; absent when another Budgea stands there. */
  upstream?: readonly UpstreamCall[];
  /** Metrics that the call raised, `CredentialRejected` for example; each is 1. */
  [counted: string]: unknown;
}

/** The names in a request. */
export interface Sent {
  method: string;
  /** With the base path; a parameter that is no id and no known word is `*`. */
  path: string;
  query: readonly string[];
  /** Of the body. */
  fields: readonly string[];
  headers: readonly string[];
}

/** One attempt at the sandbox. */
export interface UpstreamCall extends Sent {
  /** 0 when the connection broke before the answer. */
  status: number;
  duration_ms: number;
  /** What it was signed with. */
  signed: Signed;
}

/** A secret of the gateway, the caller's own token, the token of the user that the call has just made, or nothing. */
export type Signed = 'client-credentials' | 'manage-token' | 'admin-token' | 'caller' | 'new-user' | 'nothing';

/** A run of a scheduled function, each step of a rotation by itself: its log line, all fields but `_aws`. */
export interface JobEvent {
  request_id: string;
  time: string;
  job: 'rotate_manage_token' | 'rotate_sealing_key' | 'fetch_certificates' | 'watch';
  outcome: 'success' | 'failed';
  duration_ms: number;
  /** Of a rotation: `createSecret`, `setSecret`, `testSecret` or `finishSecret`, and the version that is made. */
  step?: string;
  version?: string;
  detail?: string;
  cause?: string;
  [noted: string]: unknown;
}

/** Something is not as it was: whoever shows it may ask again. Comes at most once a second of each. */
export interface ChangedEvent {
  what: Changing;
}

/** What is shown beside the calls: the secrets of Secrets Manager; the table, which has partners, users and certificates; the sandbox. */
export type Changing = 'secrets' | 'table' | 'sandbox';
