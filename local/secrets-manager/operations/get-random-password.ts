import { randomInt } from 'node:crypto';
import * as z from 'zod/mini';
import { ServiceError } from '../errors.ts';
import { operation } from '../operation.ts';

const Request = z.object({
  PasswordLength: z.optional(z.int().check(z.gte(1), z.lte(4096))),
  ExcludeCharacters: z.optional(z.string().check(z.maxLength(4096))),
  ExcludeLowercase: z.optional(z.boolean()),
  ExcludeUppercase: z.optional(z.boolean()),
  ExcludeNumbers: z.optional(z.boolean()),
  ExcludePunctuation: z.optional(z.boolean()),
  IncludeSpace: z.optional(z.boolean()),
  RequireEachIncludedType: z.optional(z.boolean()),
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

function kindsFor(request: z.output<typeof Request>): string[] {
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
