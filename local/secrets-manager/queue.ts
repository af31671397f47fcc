/** Runs tasks one at a time, in the order of the calls. */
export type Queue = <T>(task: () => T | Promise<T>) => Promise<T>;

/** Creates the queue of every operation: each one reads the writes of those before it from disk, so no crash can undo a response. */
export function makeQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = last.then(task);
    last = turn.catch(() => undefined);
    return turn;
  };
}
