import type { OperationId } from '#lib/operations/table.ts';

/** The traffic: each operation's share of the calls, in percent. Partners sign users in daily and connect a bank occasionally. */
export const shares: Readonly<Partial<Record<OperationId, number>>> = {
  admin_jwt_post: 0.5,
  auth_init_post: 5,
  auth_jwt_post: 30,
  auth_token_access_post: 5,
  auth_token_code_get: 15,
  auth_token_delete: 2,
  certificate_type_get: 3,
  hash_delete: 1,
  users_id_user_get: 25,
  users_id_user_delete: 1,
  users_id_user_token_post: 3,
  webauth_get: 5,
  webauth_callback_get: 4.5,
};

/** The average use of a warm call. */
export interface CallUse {
  /** Of one whole processor, in milliseconds. */
  processorMs: number;
  /** Its line in the function's log. */
  logBytes: number;
  /** Calls to the table, without the partner's record, which is cached for a minute. */
  reads: number;
  writes: number;
  /** Calls to Budgea. */
  upstream: number;
}

/** Printed by `npm run cost:measure` on 2026-11-24, on one core of an AMD EPYC server. A test compares the figures that do not depend on the machine. */
export const measured: Readonly<Partial<Record<OperationId, CallUse>>> = {
  admin_jwt_post: { processorMs: 0.65, logBytes: 708, reads: 0, writes: 0, upstream: 1 },
  auth_init_post: { processorMs: 1.57, logBytes: 723, reads: 0, writes: 1, upstream: 1 },
  auth_jwt_post: { processorMs: 1.93, logBytes: 721, reads: 1, writes: 0, upstream: 1 },
  auth_token_access_post: { processorMs: 1.81, logBytes: 739, reads: 2, writes: 0, upstream: 2 },
  auth_token_code_get: { processorMs: 0.41, logBytes: 675, reads: 0, writes: 0, upstream: 1 },
  auth_token_delete: { processorMs: 0.5, logBytes: 671, reads: 0, writes: 0, upstream: 1 },
  certificate_type_get: { processorMs: 0.8, logBytes: 653, reads: 1, writes: 0, upstream: 0 },
  hash_delete: { processorMs: 0.36, logBytes: 659, reads: 0, writes: 0, upstream: 1 },
  users_id_user_get: { processorMs: 1.27, logBytes: 731, reads: 1, writes: 0, upstream: 1 },
  users_id_user_delete: { processorMs: 2.23, logBytes: 737, reads: 1, writes: 1, upstream: 1 },
  users_id_user_token_post: { processorMs: 1.22, logBytes: 745, reads: 1, writes: 0, upstream: 1 },
  webauth_get: { processorMs: 0.36, logBytes: 665, reads: 0, writes: 0, upstream: 1 },
  webauth_callback_get: { processorMs: 0.11, logBytes: 616, reads: 0, writes: 1, upstream: 0 },
};

/** The use of a call that was not measured: as much as the largest of the others. */
const unmeasured: CallUse = { processorMs: 2.25, logBytes: 750, reads: 2, writes: 1, upstream: 2 };

/** Returns the use of a warm call. */
export const useOf = (id: OperationId): CallUse => measured[id] ?? unmeasured;

/** The share of calls that are cold starts, and the duration of their initialisation, in milliseconds. */
export const coldStarts = { share: 0.01, durationMs: 350 };

/** A call to the table, in milliseconds. */
export const tableMs = 5;

/** Warm containers for peaks, as a multiple of the average. */
export const peak = 5;

/** The memory that comes with a whole processor, in MB. Source: AWS Lambda developer guide, “Configure Lambda function memory”. */
export const memoryOfProcessor = 1_769;

/** The response of a call, headers and TLS included. */
export const responseBytes = 1_500;

/** An item with its key and its index entries. */
export const itemBytes = { partner: 900, user: 300 };

/** The size of a compressed log, as a share. Source: CloudWatch pricing. */
export const compressed = 0.15;

/** X-Ray traces the first call of each second and this share of the others. Source: AWS Lambda developer guide, “X-Ray”. */
export const traced = { perSecond: 1, share: 0.05 };

/** Log bytes of a call in addition to its own line: Lambda's two lines, and API Gateway's access log. */
export const otherLogBytes = { lambda: 620, accessLog: 330 };

/** A run of a scheduled function: its log lines, and its duration in milliseconds. */
export const run = { logBytes: 2_500, durationMs: 800 };
