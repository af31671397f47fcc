import type { JobId } from '#lib/operations/jobs.ts';

/** The secrets that the gateway makes new values of by itself, each with the function that does it. */
export const rotatables = {
  'manage-token': { job: 'rotate_manage_token' },
  'sealing-keys': { job: 'rotate_sealing_key' },
} as const satisfies Record<string, { job: JobId }>;

/** The name of a secret that rotates. */
export type RotatableName = keyof typeof rotatables;

/** Whether a secret is one that rotates. */
export function isRotatable(name: string): name is RotatableName {
  return Object.hasOwn(rotatables, name);
}

/** A rotation takes seconds: a version that is pending for longer, in milliseconds, is stuck. */
export const longestRotation = 120_000;

/**
 * Whether a version that has the pending label has been in use. The label stays where a rotation ended well; a value that somebody put there by
 * hand since then moved the version on, label and all.
 */
export function wasInUse({ stages }: { stages: readonly string[] }): boolean {
  return stages.includes('AWSPREVIOUS');
}
