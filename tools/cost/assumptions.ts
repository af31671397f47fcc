import type { OperationId } from '#lib/operations/table.ts';

/** Each operation's share of the calls, in percent: partners that sign users in every day and connect a bank now and then. */
export const shares: Readonly<Record<OperationId, number>> = {
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

/** Of calls, how many are cold starts, and how long one takes to initialise, in milliseconds. */
export const coldStarts = { share: 0.01, durationMs: 350 };

/** A call to the table, in milliseconds. */
export const tableMs = 5;

/** Warm containers are there for peaks: so many times the average. */
export const peak = 5;

/** A whole processor comes with so much memory, in MB. Source: AWS Lambda developer guide, “Configure Lambda function memory”. */
export const memoryOfProcessor = 1_769;

/** Sent to a caller with each answer, headers and TLS included. */
export const answerBytes = 1_500;

/** Bytes of an item with its key and its place in an index. */
export const itemBytes = { partner: 900, user: 300 };

/** Of a log, what is left once it is compressed. Source: CloudWatch pricing. */
export const compressed = 0.15;

/** Of a function's calls, the first in each second is traced, and of the others this share. Source: AWS Lambda developer guide, “X-Ray”. */
export const traced = { perSecond: 1, share: 0.05 };

/** Bytes of the log beside a call's own line: Lambda's two about each invocation, and API Gateway's in the access log. */
export const otherLogBytes = { lambda: 620, accessLog: 330 };

/** A scheduled function's run: its lines, and how long it works, in milliseconds. */
export const run = { logBytes: 2_500, durationMs: 800 };
