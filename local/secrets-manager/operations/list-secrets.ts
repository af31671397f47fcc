import * as v from 'valibot';
import { describe } from '../describe.ts';
import { pageFields } from '../fields.ts';
import { operation } from '../operation.ts';
import { page } from '../page.ts';
import type { Secret } from '../secret.ts';

/** How a filter's value matches a secret: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html */
const matchers = {
  name: (secret: Secret, value: string) => secret.name.startsWith(value),
  description: (secret: Secret, value: string) => startsLike(secret.description ?? '', value),
  'tag-key': (secret: Secret, value: string) => secret.tags.some((tag) => tag.Key.startsWith(value)),
  'tag-value': (secret: Secret, value: string) => secret.tags.some((tag) => tag.Value.startsWith(value)),
  all: (secret: Secret, value: string) =>
    value.split(/\s+/).some((word) => attributes(secret).some((attribute) => startsLike(attribute, word))),
};

const Filter = v.object({
  Key: v.picklist(['name', 'description', 'tag-key', 'tag-value', 'all']),
  Values: v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^!?[a-zA-Z0-9 :_@/+=.\-!]{0,512}$/))),
    v.minLength(1),
    v.maxLength(10),
  ),
});

const Request = v.object({
  Filters: v.optional(v.pipe(v.array(Filter), v.maxLength(10))),
  IncludePlannedDeletion: v.optional(v.boolean()),
  SortOrder: v.optional(v.picklist(['asc', 'desc'])),
  ...pageFields,
});

/** Lists the secrets that match every filter, by their creation. */
export const listSecrets = operation(Request, (request, { secrets, rotator }) => {
  const wanted = secrets
    .all()
    .filter((secret) => request.IncludePlannedDeletion === true || secret.deletesAt === undefined)
    .filter((secret) => (request.Filters ?? []).every((filter) => passes(secret, filter)));
  const { items, NextToken } = page(wanted, (secret) => secret.arn, request, request.SortOrder);
  return {
    SecretList: items.map((secret) => describe(secret, 'SecretVersionsToStages', rotator)),
    NextToken,
  };
});

/** A filter passes what one of its values matches; a value after `!` matches what it would not match without. */
function passes(secret: Secret, { Key, Values }: v.InferOutput<typeof Filter>): boolean {
  const matches = matchers[Key];
  return Values.some((value) => (value.startsWith('!') ? !matches(secret, value.slice(1)) : matches(secret, value)));
}

const startsLike = (text: string, start: string) => text.toLowerCase().startsWith(start.toLowerCase());

const attributes = (secret: Secret) => [
  secret.name,
  ...(secret.description ?? '').split(/\s+/),
  ...secret.tags.flatMap((tag) => [tag.Key, tag.Value]),
];
