import { rotate } from '#lib/rotation/rotate.ts';
import { sealingKeyRotation } from '#lib/rotation/sealing-key.ts';

/** Rotates `<env>/gateway/sealing-keys`. Secrets Manager calls it for each of the four steps. */
export const handler = rotate('rotate_sealing_key', sealingKeyRotation);
