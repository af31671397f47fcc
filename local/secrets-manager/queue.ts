/** Runs tasks in the order in which they are given to it, each after the one before has ended. */
export type Queue = <T>(task: () => T | Promise<T>) => Promise<T>;

/**
 * Makes the queue that every operation passes through: each one sees the writes of those before it, all of them on disk,
 * so nothing is ever answered that a crash could take back.
 */
export function makeQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = last.then(task);
    last = turn.catch(() => undefined);
    return turn;
  };
}
