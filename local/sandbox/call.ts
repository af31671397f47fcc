import type { Budgea } from './budgea.ts';
import { BudgeaError } from './errors.ts';

/** The named values of a query, a path or a body. */
export type Parameters = Readonly<Record<string, unknown>>;

/** A call of an operation. */
export interface Call {
  authorization: string | undefined;
  path: Parameters;
  query: Parameters;
  body: Parameters;
}

/** The response of an operation that succeeds. */
export type Answer = { status: 200; body: object } | { status: 204 } | { status: 307; location: string };

/** An operation of the API. Throws BudgeaError. */
export type Operation = (budgea: Budgea, call: Call) => Promise<Answer>;

/** Returns a string or number as text; an empty string is absent. Throws `invalidValue` for any other type. */
export function text(from: Parameters, name: string): string | undefined {
  const value = from[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw invalid(name);
  return value;
}

/** As `text`, but throws `missingParameter` when the parameter is absent. */
export function requiredText(from: Parameters, name: string): string {
  const value = text(from, name);
  if (value === undefined) throw new BudgeaError('missingParameter', `The parameter ${name} is required`);
  return value;
}

/** Returns a non-negative integer, sent as a number or in decimal digits. Throws `invalidValue`. */
export function integer(from: Parameters, name: string): number | undefined {
  const value = text(from, name);
  if (value === undefined) return undefined;
  if (!/^[0-9]{1,18}$/.test(value)) throw invalid(name);
  return Number(value);
}

/** Returns a boolean, sent as JSON, as text in any case, or as 0 or 1. Throws `invalidValue`. */
export function flag(from: Parameters, name: string): boolean | undefined {
  const value = from[name];
  const written = typeof value === 'boolean' ? String(value) : text(from, name)?.toLowerCase();
  if (written === undefined) return undefined;
  if (written === 'true' || written === '1') return true;
  if (written === 'false' || written === '0') return false;
  throw invalid(name);
}

/** The error of a parameter with an invalid value. */
export function invalid(name: string): BudgeaError {
  return new BudgeaError('invalidValue', `The parameter ${name} has an invalid value`);
}
