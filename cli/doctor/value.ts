import { readVersion } from '#lib/rotation/secret-versions.ts';
import type { SecretState } from '../secrets/state.ts';
import { isDenied } from './examine.ts';

/** A secret's value in use, if it has one and these AWS credentials may read it. */
export type Current = { denied: true } | { denied: false; text: string | undefined };

/** Reads a secret's value in use. Throws the service's errors, but not that reading is denied. */
export async function readCurrent({ fullName, current }: SecretState): Promise<Current> {
  if (current === undefined) return { denied: false, text: undefined };
  try {
    return { denied: false, text: await readVersion(fullName, current.id) };
  } catch (error) {
    if (error instanceof Error && isDenied(error)) return { denied: true };
    throw error;
  }
}

/** What a text says as JSON; undefined when it is none. A parser's message would quote it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
