import type { CallEvent, ChangeSource, JobEvent } from '../wire.ts';

/** The state from the events so far. */
export interface State {
  connection: 'connecting' | 'live' | 'lost';
  /** The number of connections: after a new one, earlier data may belong to another stack. */
  connections: number;
  /** Newest first. */
  calls: readonly CallEvent[];
  /** Newest first. */
  jobs: readonly JobEvent[];
  /** The number of changes of each source. */
  changes: Readonly<Record<ChangeSource, number>>;
}

/** A change of the state. */
export type Action =
  | { type: 'connection'; connection: State['connection'] }
  /** Events in order; `replace` when they are all events that the stack stores. */
  | {
      type: 'events';
      calls: readonly CallEvent[];
      jobs: readonly JobEvent[];
      changed: readonly ChangeSource[];
      replace: boolean;
    };

/** The state before the first event. */
export const initialState: State = {
  connection: 'connecting',
  connections: 0,
  calls: [],
  jobs: [],
  changes: { secrets: 0, table: 0, sandbox: 0 },
};

/** The number of events that the stack stores. */
const maxEvents = 200;

/** Returns the state after an action. */
export function reduce(state: State, action: Action): State {
  if (action.type === 'connection') {
    const { connection } = action;
    return { ...state, connection, connections: state.connections + (connection === 'live' ? 1 : 0) };
  }
  const { calls, jobs, changed, replace } = action;
  const before = replace ? { calls: [], jobs: [] } : state;
  const changes = { ...state.changes };
  for (const what of changed) changes[what] += 1;
  return {
    ...state,
    calls: [...calls.toReversed(), ...before.calls].slice(0, maxEvents),
    jobs: [...jobs.toReversed(), ...before.jobs].slice(0, maxEvents),
    changes,
  };
}
