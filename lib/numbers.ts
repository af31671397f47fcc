import * as v from 'valibot';

/** A finite number. JSON can express infinite ones, such as `1e400`. */
export const number = v.pipe(v.number(), v.finite());

/** A safe integer. */
export const int = v.pipe(v.number(), v.safeInteger());

/** A user's id. */
export const userId = v.pipe(int, v.minValue(1));

/** A duration, or a time since the epoch, in seconds. */
export const seconds = v.pipe(number, v.minValue(0));
