import * as v from 'valibot';

/** A number; JSON has ways to write one that is infinite, which is none here. */
export const number = v.pipe(v.number(), v.finite());

/** A whole number that JavaScript can tell from its neighbours. */
export const int = v.pipe(v.number(), v.safeInteger());
