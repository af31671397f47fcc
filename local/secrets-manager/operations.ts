import type { Operation } from './operation.ts';
import { cancelRotateSecret } from './operations/cancel-rotate-secret.ts';
import { createSecret } from './operations/create-secret.ts';
import { deleteSecret } from './operations/delete-secret.ts';
import { describeSecret } from './operations/describe-secret.ts';
import { getRandomPassword } from './operations/get-random-password.ts';
import { getSecretValue } from './operations/get-secret-value.ts';
import { listSecretVersionIds } from './operations/list-secret-version-ids.ts';
import { listSecrets } from './operations/list-secrets.ts';
import { putSecretValue } from './operations/put-secret-value.ts';
import { restoreSecret } from './operations/restore-secret.ts';
import { rotateSecret } from './operations/rotate-secret.ts';
import { tagResource } from './operations/tag-resource.ts';
import { untagResource } from './operations/untag-resource.ts';
import { updateSecret } from './operations/update-secret.ts';
import { updateSecretVersionStage } from './operations/update-secret-version-stage.ts';

/** Every operation that this server knows, by the name that clients call it. */
export const operations: ReadonlyMap<string, Operation> = new Map([
  ['CancelRotateSecret', cancelRotateSecret],
  ['CreateSecret', createSecret],
  ['DeleteSecret', deleteSecret],
  ['DescribeSecret', describeSecret],
  ['GetRandomPassword', getRandomPassword],
  ['GetSecretValue', getSecretValue],
  ['ListSecretVersionIds', listSecretVersionIds],
  ['ListSecrets', listSecrets],
  ['PutSecretValue', putSecretValue],
  ['RestoreSecret', restoreSecret],
  ['RotateSecret', rotateSecret],
  ['TagResource', tagResource],
  ['UntagResource', untagResource],
  ['UpdateSecret', updateSecret],
  ['UpdateSecretVersionStage', updateSecretVersionStage],
]);
