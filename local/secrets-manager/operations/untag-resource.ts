import * as v from 'valibot';
import { SecretId } from '../fields.ts';
import { operation } from '../operation.ts';

const Request = v.object({ SecretId, TagKeys: v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(128))) });

/** Removes tags from a secret; keys that it does not have are no error. */
export const untagResource = operation(Request, async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const tags = secret.tags.filter((tag) => !request.TagKeys.includes(tag.Key));
  await secrets.save({ ...secret, changedAt: now, tags });
  return {};
});
