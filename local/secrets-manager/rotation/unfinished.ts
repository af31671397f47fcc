import { CURRENT, PENDING, type Secret, type Version, versionAt } from '../secret.ts';

/** The version that a rotation has begun and not finished: as long as there is one, no other rotation may begin. */
export function unfinished(secret: Secret): Version | undefined {
  const pending = versionAt(secret, PENDING);
  return pending?.stages.includes(CURRENT) === true ? undefined : pending;
}
