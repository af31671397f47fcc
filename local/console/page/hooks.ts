import { useCallback, useEffect, useState } from 'preact/hooks';
import type { ErrorBody } from '../wire.ts';

/** The response of the stack at a path. */
export interface Resource<T> {
  value: T | undefined;
  /** The error of the last request. */
  fault: string | undefined;
  refresh: () => void;
}

/** A value that changes when a resource may have changed; 0 before the stack is connected. */
export type Version = string | number;

/** Reads a resource, and reads it again when the version changes. */
export function useResource<T>(path: string, version: Version): Resource<T> {
  const [value, setValue] = useState<T>();
  const [fault, setFault] = useState<string>();
  const [refreshes, setRefreshes] = useState(0);
  useEffect(() => {
    if (version === 0) return undefined;
    let current = true;
    responseOf<T>(fetch(`/_console/${path}`)).then(
      (response) => {
        if (!current) return;
        setValue(response);
        setFault(undefined);
      },
      (error: Error) => current && setFault(error.message),
    );
    return () => {
      current = false;
    };
  }, [path, version, refreshes]);
  return { value, fault, refresh: useCallback(() => setRefreshes((count) => count + 1), []) };
}

/** Runs actions, and tracks the running one and the last error. */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const run = useCallback((work: () => Promise<unknown>) => {
    setBusy(true);
    setFault(undefined);
    work()
      .catch((error: Error) => setFault(error.message))
      .finally(() => setBusy(false));
  }, []);
  return { busy, fault, run };
}

/** Sends an action to the stack. Throws an Error with a message for the operator. */
export async function post<Answer>(path: string, body: object = {}): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return responseOf<Answer>(fetch(`/_console/${path}`, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function responseOf<Answer>(request: Promise<Response>): Promise<Answer> {
  const response = await request.catch(() => {
    throw new Error('The stack does not respond. Check that it is running.');
  });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error((body as ErrorBody).message);
  // wire.ts has the type of each path.
  return body as Answer;
}

/** The interval of reading another AWS endpoint, which sends no change events, in milliseconds. */
const pollInterval = 10_000;

/** Returns a number that increases at each interval while it is on and the tab is visible. */
export function usePulse(on: boolean): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (!on) return undefined;
    const polling = window.setInterval(() => {
      if (!document.hidden) setCount((before) => before + 1);
    }, pollInterval);
    return () => window.clearInterval(polling);
  }, [on]);
  return count;
}

const ticking = new Set<(now: number) => void>();
let timer: number | undefined;

/** Returns the time, updated each second in all components together while the tab is visible. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    ticking.add(setNow);
    timer ??= window.setInterval(() => {
      if (!document.hidden) ticking.forEach((tick) => tick(Date.now()));
    }, 1_000);
    return () => {
      ticking.delete(setNow);
      if (ticking.size > 0) return;
      window.clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return now;
}
