// The events and JSON of the console. Times in JSON are milliseconds since the epoch. Only `NewKey` contains a key; nothing contains a secret.

/**
 * The server-sent events of `GET /_console/events`. The data of each event is one line of JSON, with names but no values from a request, an
 * upstream response or a secret.
 *
 * | event     | data           | id  |
 * | --------- | -------------- | --- |
 * | `call`    | `CallEvent`    | yes |
 * | `job`     | `JobEvent`     | yes |
 * | `ready`   | `{}`           | no  |
 * | `changed` | `ChangedEvent` | no  |
 *
 * The stream starts with the last calls and jobs, 200 at most, then `ready`, then new events. With `Last-Event-ID`, it starts with those
 * after that id; with an id of another run of the stack, with all of them.
 */
export interface StoredEvents {
  call: CallEvent;
  job: JobEvent;
}

/** A call that the gateway answered: the fields of its function's log line without `_aws`, and the request and response of each server. */
export interface CallEvent {
  /** Also the response's `x-request-id`. */
  request_id: string;
  /** The start, ISO 8601. */
  time: string;
  level: 'INFO' | 'ERROR';
  environment: string;
  /** The id in the table of operations, such as `auth_init_post`. */
  operation: string;
  outcome: 'success' | 'refused' | 'failed';
  status: number;
  /** The kind of credential; absent for an operation without credentials. */
  kind?: 'client' | 'bearer_key' | 'api_key' | 'token' | 'anonymous';
  /** The client id of an authenticated partner. */
  partner?: string;
  key_id?: string;
  id_user?: string;
  /** The error code, and details that are only logged. */
  code?: string;
  detail?: string;
  cause?: string;
  /** The duration of the function, including upstream. */
  duration_ms: number;
  upstream_attempts: number;
  upstream_ms: number;
  /** The status of the last upstream response. */
  upstream_status?: number;
  cold_start: boolean;
  function: string;
  request: RequestNames;
  answer: { headers: readonly string[]; fields: readonly string[]; bytes: number };
  /** Each attempt at the sandbox; absent with another Budgea. */
  upstream?: readonly UpstreamCall[];
  /** Metrics of the call, such as `CredentialRejected`; each is 1. */
  [metric: string]: unknown;
}

/** The names in a request. */
export interface RequestNames {
  method: string;
  /** With the base path; a parameter that is neither an id nor a known word is `*`. */
  path: string;
  query: readonly string[];
  /** The fields of the body. */
  fields: readonly string[];
  headers: readonly string[];
}

/** One attempt at the sandbox. */
export interface UpstreamCall extends RequestNames {
  /** 0 when the connection was closed without a response. */
  status: number;
  duration_ms: number;
  signed: Signed;
}

/** The credential of an upstream call: a secret, the caller's token, the token of the user that the call created, or none. */
export type Signed = 'client-credentials' | 'manage-token' | 'admin-token' | 'caller' | 'new-user' | 'nothing';

/** A run of a scheduled function, or one step of a rotation: the fields of its log line without `_aws`. */
export interface JobEvent {
  request_id: string;
  time: string;
  job: 'rotate_manage_token' | 'rotate_sealing_key' | 'fetch_certificates' | 'watch';
  outcome: 'success' | 'failed';
  duration_ms: number;
  /** The step of a rotation: `createSecret`, `setSecret`, `testSecret` or `finishSecret`. */
  step?: string;
  /** The version that a rotation creates. */
  version?: string;
  detail?: string;
  cause?: string;
  [field: string]: unknown;
}

/** A change of the secrets, the table or the sandbox; at most one event a second for each. */
export interface ChangedEvent {
  what: ChangeSource;
}

/** The secrets; the table with the partners, users and certificates; or the sandbox. */
export type ChangeSource = 'secrets' | 'table' | 'sandbox';

/** `GET /_console/stack` */
export interface StackView {
  /** With `/2.0`. */
  gateway: string;
  /** The Budgea behind the gateway, with `/2.0`. */
  budgea: string;
  /** Whether that is the sandbox. */
  sandbox: boolean;
  secretsManager: string;
  dynamodb: string;
  demoApp: string;
  /** Whether Secrets Manager and DynamoDB are the stack's, so that each change is an event. */
  ownAws: boolean;
}

/** `GET /_console/secrets` returns a list of these. */
export interface SecretView {
  name: string;
  fullName: string;
  /** The versions with stages, newest first. */
  versions: readonly { id: string; stages: readonly string[]; createdAt: number }[];
  /** Whether the secret has a rotation function. */
  rotates: boolean;
  nextRotationAt?: number | undefined;
  lastRotatedAt?: number | undefined;
  /** The expiry of the current value. */
  expiresAt?: number | undefined;
}

/** `GET /_console/certificates` returns one for each type that the gateway caches. */
export interface CertificateView {
  type: string;
  /** Budgea's id; absent before the first fetch. */
  id?: string | undefined;
  /** In Budgea's format. */
  created?: string | undefined;
  changedAt?: number | undefined;
  confirmedAt?: number | undefined;
  checkedAt?: number | undefined;
}

/** `GET /_console/partners` returns a list of these. */
export interface PartnerView {
  client_id: string;
  name: string;
  status: 'active' | 'disabled';
  created: number;
  keys: readonly { id: string; created: number; /** `YYYY-MM-DD`. */ lastUsed?: string | undefined }[];
  redirect_uris: readonly string[];
  grants: readonly string[];
  /** The first hundred. */
  users: readonly { id: string; expiresAt?: number | undefined }[];
  userCount: number;
}

/** `GET /_console/sandbox` */
export interface SandboxView {
  now: number;
  /** Seconds ahead of the machine's time. */
  ahead: number;
  /** In milliseconds. */
  latency: number;
  failures: readonly { answer: string; path?: string; times: number | 'always' }[];
}

/** `POST /_console/partners` and `POST /_console/partners/{client_id}/keys`: the only responses with the key. */
export interface NewKey {
  client_id: string;
  client_secret: string;
  key_id: string;
  name: string;
}

/** Any response with a status of 400 or more; the message is for the operator. */
export interface ErrorBody {
  message: string;
}
