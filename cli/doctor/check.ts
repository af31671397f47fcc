import type { Subject } from './subject.ts';

/** What a check found. `open` is no fault of the gateway's: something that cannot be known from here, or is yet to be done. */
export interface Finding {
  state: 'ok' | 'wrong' | 'open';
  /** One sentence, which holds no secret. */
  text: string;
  /** What to type about it, in this order. */
  commands?: readonly string[];
}

/** One link of the chain from a partner's call to Budgea. */
export interface Check {
  name: string;
  /** Throws Refusal for what is wrong, and the services' errors. */
  run(subject: Subject, signal: AbortSignal): Promise<Finding>;
}

/** It is as it should be. */
export const ok = (text: string): Finding => ({ state: 'ok', text });

/** It has to be set right. */
export const wrong = (text: string, commands: readonly string[] = []): Finding => ({ state: 'wrong', text, commands });

/** It cannot be known, or is yet to be done. */
export const open = (text: string, commands: readonly string[] = []): Finding => ({ state: 'open', text, commands });
