import * as v from 'valibot';
import { timestamp } from '../describe.ts';
import { SecretId, pageFields } from '../fields.ts';
import { operation } from '../operation.ts';
import { page } from '../page.ts';

const Request = v.object({ SecretId, IncludeDeprecated: v.optional(v.boolean()), ...pageFields });

/** Lists a secret's versions by their creation, those without a stage only on demand. */
export const listSecretVersionIds = operation(Request, (request, { secrets }) => {
  const secret = secrets.find(request.SecretId);
  const wanted = secret.versions.filter(({ stages }) => request.IncludeDeprecated === true || stages.length > 0);
  const { items, NextToken } = page(wanted, (version) => version.id, request);
  return {
    ARN: secret.arn,
    Name: secret.name,
    Versions: items.map((version) => ({
      VersionId: version.id,
      VersionStages: version.stages.length === 0 ? undefined : version.stages,
      CreatedDate: timestamp(version.createdAt),
      LastAccessedDate: timestamp(version.accessedOn),
      KmsKeyIds: [secret.kmsKeyId ?? 'DefaultEncryptionKey'],
    })),
    NextToken,
  };
});
