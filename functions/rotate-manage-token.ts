import { manageTokenRotation } from '#lib/rotation/manage-token.ts';
import { rotate } from '#lib/rotation/rotate.ts';

/** Rotates `<env>/budgea/manage-token`. Secrets Manager calls it for each of the four steps. */
export const handler = rotate('rotate_manage_token', manageTokenRotation);
