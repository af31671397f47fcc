import { randomInt } from 'node:crypto';
import * as v from 'valibot';
import { ServiceError } from '../errors.ts';
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
const NUMBERS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** Makes up a password, by default of 32 characters with each kind of character in it. */
export const getRandomPassword = operation(Request, (request) => {
  const { PasswordLength: length = 32, RequireEachIncludedType: each = true } = request;
  const kinds = kindsFor(request);
  if (kinds.length === 0) throw invalid('No characters are left to make a password of.');
  if (each && kinds.length > length) throw invalid('Password length is too short based on the required types.');

  const required = each ? kinds.map(pick) : [];
  const free = Array.from({ length: length - required.length }, () => pick(kinds.join('')));
  return { RandomPassword: shuffle([...required, ...free]).join('') };
});

function kindsFor(request: v.InferOutput<typeof Request>): string[] {
  const kinds = [
    request.ExcludeLowercase === true ? '' : LOWERCASE,
    request.ExcludeUppercase === true ? '' : LOWERCASE.toUpperCase(),
    request.ExcludeNumbers === true ? '' : NUMBERS,
    request.ExcludePunctuation === true ? '' : PUNCTUATION,
    request.IncludeSpace === true ? ' ' : '',
  ];
  const excluded = new Set(request.ExcludeCharacters);
  return kinds
    .map((kind) =>
      kind
        .split('')
        .filter((character) => !excluded.has(character))
        .join(''),
    )
    .filter((kind) => kind !== '');
}

const pick = (characters: string) => characters.charAt(randomInt(characters.length));

/** Without it, the required kinds would always come first. */
function shuffle(characters: string[]): string[] {
  const left = [...characters];
  return characters.flatMap(() => left.splice(randomInt(left.length), 1));
}

const invalid = (message: string) => new ServiceError('InvalidParameterException', message);
