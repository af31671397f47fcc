import { manageTokenRotation } from '#lib/rotation/manage-token.ts';
import { rotate } from '#lib/rotation/rotate.ts';

/** Rotates `<env>/budgea/manage-token`, called by Secrets Manager once for each of its four steps. */
export const handler = rotate('rotate_manage_token', manageTokenRotation);
