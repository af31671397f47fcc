import { randomInt } from 'node:crypto';
import * as v from 'valibot';
import { invalidParameter, invalidRequest, ServiceError } from '../errors.ts';
import { fields, pageFields, timestamp, valueFields, versionIn } from '../fields.ts';
import { type Context, operation } from '../operation.ts';
import { page } from '../page.ts';
import type { Rotator } from '../rotation/rotator.ts';
import { CURRENT, putVersion, sameValue, type Secret, versionById } from '../secret.ts';

const DAY = 86_400_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const attributes = { Description: v.optional(fields.Description), KmsKeyId: v.optional(fields.KmsKeyId) };
const CreateRequest = v.object({ Name: fields.Name, Tags: v.optional(fields.Tags), ...attributes, ...valueFields });

/** Creates a secret, with a first version if the request has a value. A repeated request has the same response. */
const CreateSecret = operation(CreateRequest, async (request, context) => {
  const version = versionIn(request);
  const existing = context.secrets.lookUp(request.Name);
  if (existing !== undefined) requireRepeated(existing, version);
  const secret = existing ?? newSecret(request, context);
  if (existing === undefined) {
    await context.secrets.save(version ? putVersion(secret, version.id, version.value, [], context.now) : secret);
  }
  return { ARN: secret.arn, Name: secret.name, VersionId: version?.id };
});

function requireRepeated(existing: Secret, version: ReturnType<typeof versionIn>): void {
  if (existing.deletesAt !== undefined) {
    throw invalidRequest(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  const stored = version && versionById(existing, version.id)?.value;
  if (stored === undefined || version === undefined || !sameValue(stored, version.value)) {
    throw new ServiceError(
      'ResourceExistsException',
      `The operation failed because the secret ${existing.name} already exists.`,
    );
  }
}

function newSecret(request: v.InferOutput<typeof CreateRequest>, { now, region }: Context): Secret {
  const suffix = Array.from({ length: 6 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
  return {
    arn: `arn:aws:secretsmanager:${region}:000000000000:secret:${request.Name}-${suffix}`,
    name: request.Name,
    ...changed(request),
    tags: request.Tags ?? [],
    createdAt: now,
    changedAt: now,
    versions: [],
  };
}

/** The attributes that a request sets. */
function changed(request: v.InferOutput<v.ObjectSchema<typeof attributes, undefined>>) {
  return {
    ...(request.Description !== undefined && { description: request.Description }),
    ...(request.KmsKeyId !== undefined && { kmsKeyId: request.KmsKeyId }),
  };
}

/** Returns a secret without its values, also one that is marked for deletion. */
const DescribeSecret = operation(v.object({ SecretId: fields.SecretId }), (request, { secrets, rotator }) => {
  return describe(secrets.find(request.SecretId), 'VersionIdsToStages', rotator);
});

function describe(
  secret: Secret,
  stagesMember: 'VersionIdsToStages' | 'SecretVersionsToStages',
  rotator: Rotator,
): Record<string, unknown> {
  const { rotation } = secret;
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    CreatedDate: timestamp(secret.createdAt),
    LastChangedDate: timestamp(secret.changedAt),
    LastAccessedDate: timestamp(secret.accessedOn),
    DeletedDate: timestamp(secret.deletesAt),
    RotationEnabled: rotation?.enabled,
    RotationLambdaARN: rotation?.functionArn,
    RotationRules: rotation?.rules,
    LastRotatedDate: timestamp(rotation?.lastRotatedAt),
    NextRotationDate: timestamp(rotator.dueAt(secret)),
    Tags: secret.tags,
    [stagesMember]: stagesOf(secret),
  };
}

/** Returns undefined, not an empty object, when no version has a stage. */
function stagesOf(secret: Secret): Record<string, string[]> | undefined {
  const staged = secret.versions.filter((version) => version.stages.length > 0);
  return staged.length === 0 ? undefined : Object.fromEntries(staged.map(({ id, stages }) => [id, stages]));
}

/** How the value of a filter matches a secret: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html */
const matchers = {
  name: (secret: Secret, value: string) => secret.name.startsWith(value),
  description: (secret: Secret, value: string) => startsLike(secret.description ?? '', value),
  'tag-key': (secret: Secret, value: string) => secret.tags.some((tag) => tag.Key.startsWith(value)),
  'tag-value': (secret: Secret, value: string) => secret.tags.some((tag) => tag.Value.startsWith(value)),
  all: (secret: Secret, value: string) =>
    value.split(/\s+/).some((word) => words(secret).some((other) => startsLike(other, word))),
};

const Filter = v.object({
  Key: v.picklist(['name', 'description', 'tag-key', 'tag-value', 'all']),
  Values: v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^!?[a-zA-Z0-9 :_@/+=.\-!]{0,512}$/))),
    v.minLength(1),
    v.maxLength(10),
  ),
});

const ListRequest = v.object({
  Filters: v.optional(v.pipe(v.array(Filter), v.maxLength(10))),
  IncludePlannedDeletion: v.optional(v.boolean()),
  SortOrder: v.optional(v.picklist(['asc', 'desc'])),
  ...pageFields,
});

/** Lists the secrets that match every filter, by creation. */
const ListSecrets = operation(ListRequest, (request, { secrets, rotator }) => {
  const listed = secrets
    .all()
    .filter((secret) => request.IncludePlannedDeletion === true || secret.deletesAt === undefined)
    .filter((secret) => (request.Filters ?? []).every((filter) => matches(secret, filter)));
  const { items, NextToken } = page(listed, (secret) => secret.arn, request, request.SortOrder);
  return {
    SecretList: items.map((secret) => describe(secret, 'SecretVersionsToStages', rotator)),
    NextToken,
  };
});

/** A filter matches when one of its values does; `!` before a value negates it. */
function matches(secret: Secret, { Key, Values }: v.InferOutput<typeof Filter>): boolean {
  const match = matchers[Key];
  return Values.some((value) => (value.startsWith('!') ? !match(secret, value.slice(1)) : match(secret, value)));
}

const startsLike = (text: string, start: string) => text.toLowerCase().startsWith(start.toLowerCase());

const words = (secret: Secret) => [
  secret.name,
  ...(secret.description ?? '').split(/\s+/),
  ...secret.tags.flatMap((tag) => [tag.Key, tag.Value]),
];

const UpdateRequest = v.object({ SecretId: fields.SecretId, ...attributes, ...valueFields });

/** Changes a secret's attributes; a value becomes the current version. */
const UpdateSecret = operation(UpdateRequest, async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const version = versionIn(request);
  const next = version ? putVersion(secret, version.id, version.value, [CURRENT], now) : secret;
  await secrets.save({ ...next, ...changed(request), changedAt: now });
  return { ARN: next.arn, Name: next.name, VersionId: version?.id };
});

const DeleteRequest = v.object({
  SecretId: fields.SecretId,
  RecoveryWindowInDays: v.optional(v.pipe(v.number(), v.integer())),
  ForceDeleteWithoutRecovery: v.optional(v.boolean()),
});

/** Marks a secret for deletion at the end of its recovery window, or deletes it immediately, which also succeeds without a secret. */
const DeleteSecret = operation(DeleteRequest, async (request, { secrets, now }) => {
  const { SecretId: id, RecoveryWindowInDays: days = 30, ForceDeleteWithoutRecovery: force } = request;
  if (force === true && request.RecoveryWindowInDays !== undefined) {
    throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  }
  if (days < 7 || days > 30) {
    throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
  }
  if (force === true) {
    const secret = secrets.lookUp(id);
    if (secret !== undefined) await secrets.remove(secret);
    return { ARN: secret?.arn, Name: secret?.name ?? id, DeletionDate: timestamp(now) };
  }
  const secret = secrets.findLive(id);
  const deletesAt = now + days * DAY;
  await secrets.save({ ...secret, changedAt: now, deletesAt });
  return { ARN: secret.arn, Name: secret.name, DeletionDate: timestamp(deletesAt) };
});

/** Removes the mark for deletion. */
const RestoreSecret = operation(v.object({ SecretId: fields.SecretId }), async (request, { secrets, now }) => {
  const { deletesAt, ...secret } = secrets.find(request.SecretId);
  if (deletesAt !== undefined) await secrets.save({ ...secret, changedAt: now });
  return { ARN: secret.arn, Name: secret.name };
});

/** Adds tags to a secret, and replaces those with the same key. */
const TagResource = operation(
  v.object({ SecretId: fields.SecretId, Tags: fields.Tags }),
  async (request, { secrets, now }) => {
    const secret = secrets.findLive(request.SecretId);
    const tags = new Map([...secret.tags, ...request.Tags].map((tag) => [tag.Key, tag]));
    await secrets.save({ ...secret, changedAt: now, tags: [...tags.values()] });
    return {};
  },
);

const UntagRequest = v.object({ SecretId: fields.SecretId, TagKeys: v.array(fields.TagKey) });

/** Removes tags from a secret, and ignores keys that it does not have. */
const UntagResource = operation(UntagRequest, async (request, { secrets, now }) => {
  const secret = secrets.findLive(request.SecretId);
  const tags = secret.tags.filter((tag) => !request.TagKeys.includes(tag.Key));
  await secrets.save({ ...secret, changedAt: now, tags });
  return {};
});

/** The operations on secrets. */
export const secretOperations = {
  CreateSecret,
  DescribeSecret,
  ListSecrets,
  UpdateSecret,
  DeleteSecret,
  RestoreSecret,
  TagResource,
  UntagResource,
};
