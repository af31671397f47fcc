import type { Recording } from './record.ts';
import { recordCertificates } from './successes/certificates.ts';
import { recordCodes } from './successes/codes.ts';
import { recordDeletions } from './successes/deletions.ts';
import { recordJwts, recordTokens } from './successes/tokens.ts';
import { recordNewUsers, recordReadUsers } from './successes/users.ts';
import { recordWebauth } from './successes/webauth.ts';

/** Records how each operation succeeds: for every kind of caller, and in every media type. */
export async function recordSuccesses(recording: Recording): Promise<void> {
  const user = await recordNewUsers(recording);
  await recordReadUsers(recording, user);
  await recordJwts(recording, user);
  await recordTokens(recording, user);
  await recordCodes(recording, user);
  await recordCertificates(recording, user);
  await recordWebauth(recording, user);
  await recordDeletions(recording, user);
}
