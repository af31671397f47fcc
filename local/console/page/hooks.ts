import { useCallback, useEffect, useState } from 'preact/hooks';
import { ask } from './ask.ts';

/** What the stack answers at a path. */
export interface Resource<T> {
  value: T | undefined;
  /** Why there is none, or no newer one. */
  fault: string | undefined;
  refresh: () => void;
}

/** What stands for how things are: another one when they may have changed, 0 before anything is known. */
export type Version = string | number;

/** Keeps what the stack answers at a path; it is asked again whenever the version is another one. */
export function useResource<T>(path: string, version: Version): Resource<T> {
  const [value, setValue] = useState<T>();
  const [fault, setFault] = useState<string>();
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    if (version === 0) return undefined;
    let wanted = true;
    ask<T>(path).then(
      (answer) => {
        if (!wanted) return;
        setValue(answer);
        setFault(undefined);
      },
      (error: Error) => wanted && setFault(error.message),
    );
    return () => {
      wanted = false;
    };
  }, [path, version, asked]);
  return { value, fault, refresh: useCallback(() => setAsked((count) => count + 1), []) };
}

/** Something that takes a moment, and can fail. */
export interface Doing {
  busy: boolean;
  /** Why it failed, the last time. */
  fault: string | undefined;
  run: (work: () => Promise<unknown>) => void;
}

/** Keeps how something goes that is done on request. */
export function useDoing(): Doing {
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

/** Nobody tells of changes in another AWS account: one looks now and then, in milliseconds. */
const lookInterval = 10_000;

/** Counts up now and then while it is on and somebody looks. */
export function usePulse(on: boolean): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (!on) return undefined;
    const looking = window.setInterval(() => {
      if (!document.hidden) setCount((before) => before + 1);
    }, lookInterval);
    return () => window.clearInterval(looking);
  }, [on]);
  return count;
}

const ticking = new Set<(now: number) => void>();
let timer: number | undefined;

/** The time, each second while somebody looks; all that show it change at once. */
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
