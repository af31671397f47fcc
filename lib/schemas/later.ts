/**
 * Makes a schema when it is first asked for. A function asks for those of its own operation; all of them together would be 0.03 of an empty
 * start.
 */
export function later<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
