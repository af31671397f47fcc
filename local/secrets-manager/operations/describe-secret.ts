import * as v from 'valibot';
import { describe } from '../describe.ts';
import { SecretId } from '../fields.ts';
import { operation } from '../operation.ts';

/** Tells everything about a secret except its values; a secret that is marked for deletion too. */
export const describeSecret = operation(v.object({ SecretId }), (request, { secrets, rotator }) =>
  describe(secrets.find(request.SecretId), 'VersionIdsToStages', rotator),
);
