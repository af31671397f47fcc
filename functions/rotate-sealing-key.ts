import { rotate } from '#lib/rotation/rotate.ts';
import { sealingKeyRotation } from '#lib/rotation/sealing-key.ts';

/** Rotates `<env>/gateway/sealing-keys`, called by Secrets Manager once for each of its four steps. */
export const handler = rotate('rotate_sealing_key', sealingKeyRotation);
