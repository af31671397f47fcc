import type { CallEvent, Changing, JobEvent } from '../events.ts';

/** What the events have told so far. */
export interface State {
  connection: 'connecting' | 'live' | 'lost';
  /** How often it came about: what was known before may be of another stack. */
  connections: number;
  /** The newest first. */
  calls: readonly CallEvent[];
  /** The newest first. */
  jobs: readonly JobEvent[];
  /** How often each was said to have changed. */
  changes: Readonly<Record<Changing, number>>;
}

/** Something that changes the state. */
export type Action =
  | { type: 'connection'; connection: State['connection'] }
  /** Events in the order in which they came; `afresh` when they are all that the stack still knows. */
  | {
      type: 'events';
      calls: readonly CallEvent[];
      jobs: readonly JobEvent[];
      changed: readonly Changing[];
      afresh: boolean;
    };

/** Before anything was told. */
export const initialState: State = {
  connection: 'connecting',
  connections: 0,
  calls: [],
  jobs: [],
  changes: { secrets: 0, table: 0, sandbox: 0 },
};

/** As many as the stack keeps itself. */
const bound = 200;

/** The state after an action. */
export function reduce(state: State, action: Action): State {
  if (action.type === 'connection') {
    const { connection } = action;
    return { ...state, connection, connections: state.connections + (connection === 'live' ? 1 : 0) };
  }
  const { calls, jobs, changed, afresh } = action;
  const before = afresh ? { calls: [], jobs: [] } : state;
  const changes = { ...state.changes };
  for (const what of changed) changes[what] += 1;
  return {
    ...state,
    calls: [...calls.toReversed(), ...before.calls].slice(0, bound),
    jobs: [...jobs.toReversed(), ...before.jobs].slice(0, bound),
    changes,
  };
}
