import * as v from 'valibot';
import { SecretId, Tags } from '../fields.ts';
import { operation } from '../operation.ts';

/** Adds tags to a secret; a tag of the same key is replaced. */
export const tagResource = operation(v.object({ SecretId, Tags }), async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const tags = new Map([...secret.tags, ...request.Tags].map((tag) => [tag.Key, tag]));
  await secrets.save({ ...secret, changedAt: now, tags: [...tags.values()] });
  return {};
});
