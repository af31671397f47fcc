import * as v from 'valibot';

/** A number; JSON has ways to write one that is infinite, which is none here. */
export const number = v.pipe(v.number(), v.finite());

/** A whole number that JavaScript can tell from its neighbours. */
export const int = v.pipe(v.number(), v.safeInteger());

/** A user's id. */
export const userId = v.pipe(int, v.minValue(1));

/** A number of seconds from now on, or since the epoch. */
export const seconds = v.pipe(number, v.minValue(0));
