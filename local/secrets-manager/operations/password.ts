import { randomInt } from 'node:crypto';
import * as v from 'valibot';
import { invalidParameter } from '../errors.ts';
import { operation } from '../operation.ts';

const Request = v.object({
  PasswordLength: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096))),
  ExcludeCharacters: v.optional(v.pipe(v.string(), v.maxLength(4096))),
  ExcludeLowercase: v.optional(v.boolean()),
  ExcludeUppercase: v.optional(v.boolean()),
  ExcludeNumbers: v.optional(v.boolean()),
  ExcludePunctuation: v.optional(v.boolean()),
  IncludeSpace: v.optional(v.boolean()),
  RequireEachIncludedType: v.optional(v.boolean()),
});

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz';

/** Generates a password: by default 32 characters, at least one of each type. */
const GetRandomPassword = operation(Request, (request) => {
  const { PasswordLength: length = 32, RequireEachIncludedType: each = true } = request;
  const types = characterTypes(request);
  if (types.length === 0) throw invalidParameter('No characters are left to make a password of.');
  if (each && types.length > length) {
    throw invalidParameter('Password length is too short based on the required types.');
  }
  const required = each ? types.map(pick) : [];
  const free = Array.from({ length: length - required.length }, () => pick(types.join('')));
  return { RandomPassword: shuffle([...required, ...free]).join('') };
});

function characterTypes(request: v.InferOutput<typeof Request>): string[] {
  const excluded = new Set(request.ExcludeCharacters);
  return [
    request.ExcludeLowercase === true ? '' : LOWERCASE,
    request.ExcludeUppercase === true ? '' : LOWERCASE.toUpperCase(),
    request.ExcludeNumbers === true ? '' : '0123456789',
    request.ExcludePunctuation === true ? '' : '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
    request.IncludeSpace === true ? ' ' : '',
  ]
    .map((type) => Array.from(type, (character) => (excluded.has(character) ? '' : character)).join(''))
    .filter((type) => type !== '');
}

const pick = (characters: string) => characters.charAt(randomInt(characters.length));

/** Moves the required characters away from the start. */
function shuffle(characters: string[]): string[] {
  const left = [...characters];
  return characters.flatMap(() => left.splice(randomInt(left.length), 1));
}

/** The operation on passwords. */
export const passwordOperations = { GetRandomPassword };
