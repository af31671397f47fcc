// What the console's page asks for, as JSON. Times are milliseconds since the epoch. No secret and no key is in any of it but `ShownKey`.

/** `GET /_console/stack` */
export interface StackView {
  /** `/2.0` included. */
  gateway: string;
  /** The Budgea behind the gateway, `/2.0` included. */
  budgea: string;
  /** Whether it is the sandbox, which can be controlled. */
  sandbox: boolean;
  secretsManager: string;
  dynamodb: string;
  demoApp: string;
  /** Whether the secrets and the table are this stack's own, so that every change of theirs is an event. */
  ownAws: boolean;
}

/** `GET /_console/secrets` gives one of each. */
export interface SecretView {
  name: string;
  fullName: string;
  /** Those with labels, the newest first. */
  versions: readonly { id: string; stages: readonly string[]; createdAt: number }[];
  /** Whether a function makes new values of it. */
  rotates: boolean;
  nextRotationAt?: number | undefined;
  lastRotatedAt?: number | undefined;
  /** When the value in use stops working by itself. */
  expiresAt?: number | undefined;
}

/** `GET /_console/certificates` gives one of each type that the gateway keeps. */
export interface CertificateView {
  type: string;
  /** Its id at Budgea; absent before the first. */
  id?: string | undefined;
  /** As Budgea writes it. */
  created?: string | undefined;
  changedAt?: number | undefined;
  confirmedAt?: number | undefined;
  checkedAt?: number | undefined;
}

/** `GET /_console/partners` gives one of each. */
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
  /** How many seconds it was moved before the machine's time. */
  ahead: number;
  /** In milliseconds. */
  latency: number;
  failures: readonly { answer: string; path?: string; times: number | 'always' }[];
}

/** `POST /_console/partners` and `POST /_console/partners/{client_id}/keys`: the only time that the key is shown. */
export interface ShownKey {
  client_id: string;
  client_secret: string;
  key_id: string;
  name: string;
}

/** Any answer with a status from 400 on: a sentence for whoever sees it. */
export interface Refused {
  message: string;
}
