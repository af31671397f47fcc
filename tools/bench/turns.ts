import { setImmediate } from 'node:timers/promises';

/** How a measurement goes about it. */
export interface Going {
  /** Told what is being done, in a few words. */
  tell: (progress: string) => void;
  /** Ends it. */
  signal: AbortSignal;
}

/**
 * Does everything in turn, so many rounds, each beginning one further than the last: whatever else the machine is doing meets all of them alike.
 * Gives what each came to, round by round. Rejects after `signal`.
 */
export async function byTurns<Subject, Result>(
  what: string,
  subjects: readonly Subject[],
  rounds: number,
  { tell, signal }: Going,
  measure: (subject: Subject, round: number) => Promise<Result>,
): Promise<Map<Subject, Result[]>> {
  const results = new Map(subjects.map((subject) => [subject, [] as Result[]]));
  for (let round = 0; round < rounds; round += 1) {
    tell(`${what}: round ${round + 1} of ${rounds}`);
    const first = round % subjects.length;
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      await setImmediate(undefined, { signal });
      results.get(subject)?.push(await measure(subject, round));
    }
  }
  return results;
}
