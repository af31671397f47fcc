import { BudgeaError } from './errors.ts';

/** The named values of a query, a path or a body, as the wire gave them. */
export type Parameters = Readonly<Record<string, unknown>>;

/** The text under `name`; an empty one counts as absent. Throws `invalidValue` for anything but one text or number. */
export function text(from: Parameters, name: string): string | undefined {
  const value = from[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw invalid(name);
  return value;
}

/** As `text`, but throws `missingParameter` when there is none. */
export function requiredText(from: Parameters, name: string): string {
  const value = text(from, name);
  if (value === undefined) throw new BudgeaError('missingParameter', `The parameter ${name} is required`);
  return value;
}

/** The non-negative integer under `name`, as a number or in decimal digits. Throws `invalidValue` for anything else. */
export function integer(from: Parameters, name: string): number | undefined {
  const value = text(from, name);
  if (value === undefined) return undefined;
  if (!/^[0-9]{1,18}$/.test(value)) throw invalid(name);
  return Number(value);
}

/** The boolean under `name`; clients write it in JSON, in either case, or as 0 and 1. Throws `invalidValue` otherwise. */
export function flag(from: Parameters, name: string): boolean | undefined {
  const value = from[name];
  const written = typeof value === 'boolean' ? String(value) : text(from, name)?.toLowerCase();
  if (written === undefined) return undefined;
  if (written === 'true' || written === '1') return true;
  if (written === 'false' || written === '0') return false;
  throw invalid(name);
}

/** The refusal of a value that is not what `name` takes. */
export function invalid(name: string): BudgeaError {
  return new BudgeaError('invalidValue', `The parameter ${name} has an invalid value`);
}
