import { Argument, InvalidArgumentError } from 'commander';
import { grantForms, isGrant, partnerNameProblem, redirectUriProblem } from '#lib/partners/settings.ts';

// Arguments are parsed while the command line is read: an invalid one is rejected before anything changes.

/** `<client id>`: the partner that a command acts on. */
export function clientIdArgument(): Argument {
  return new Argument('<client id>', 'Client id of the partner').argParser(clientId);
}

/** Parses a client id. */
export function clientId(text: string): string {
  if (!/^[1-9]\d{7}$/.test(text))
    throw new InvalidArgumentError('A client id is 8 digits; "partners list" shows them.');
  return text;
}

/** Whether a text is a Budgea user id. */
export function isUserId(text: string): boolean {
  return /^[1-9]\d{0,17}$/.test(text);
}

/** Parses a partner's name. */
export function partnerName(text: string): string {
  const name = text.trim();
  const fault = partnerNameProblem(name);
  if (fault !== undefined) throw new InvalidArgumentError(fault);
  return name;
}

/** Collects grants. */
export function grantList(text: string, before: readonly string[] = []): string[] {
  if (!isGrant(text)) throw new InvalidArgumentError(`A grant is one of ${grantForms.join(', ')}.`);
  return [...new Set([...before, text])];
}

/** Collects redirect URIs. */
export function redirectUriList(text: string, before: readonly string[] = []): string[] {
  const fault = redirectUriProblem(text);
  if (fault !== undefined) throw new InvalidArgumentError(fault);
  return [...new Set([...before, text])];
}

/** Collects user ids. */
export function userIdList(text: string, before: readonly string[] = []): string[] {
  if (!isUserId(text)) throw new InvalidArgumentError('A user id is a whole number of up to 18 digits.');
  return [...before, text];
}
