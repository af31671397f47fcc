import type { Budgea } from './budgea.ts';
import type { Parameters } from './parameters.ts';

/** One call of an operation, as far as operations look at it. */
export interface Call {
  authorization: string | undefined;
  path: Parameters;
  query: Parameters;
  body: Parameters;
}

/** What an operation answers when it does not refuse. */
export type Answer = { status: 200; body: object } | { status: 204 } | { status: 307; location: string };

/** One operation of the API: answers, or throws a `BudgeaError`. */
export type Operation = (budgea: Budgea, call: Call) => Promise<Answer>;
