import { readVersion } from '../../lib/rotation/staged-secret.ts';
import type { SecretState } from '../secrets/state.ts';
import { isDenied } from './examine.ts';

/** A secret's value in use; undefined when it has none, or these AWS credentials may not read it. Throws the service's other errors. */
export async function readCurrent({ fullName, current }: SecretState): Promise<string | undefined> {
  if (current === undefined) return undefined;
  try {
    return await readVersion(fullName, current.id);
  } catch (error) {
    if (error instanceof Error && isDenied(error)) return undefined;
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
