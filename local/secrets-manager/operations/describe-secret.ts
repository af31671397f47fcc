import * as z from 'zod/mini';
import { describe } from '../describe.ts';
import { SecretId } from '../fields.ts';
import { operation } from '../operation.ts';

/** Tells everything about a secret except its values; a secret that is marked for deletion too. */
export const describeSecret = operation(z.object({ SecretId }), (request, { secrets, rotator }) =>
  describe(secrets.find(request.SecretId), 'VersionIdsToStages', rotator),
);
