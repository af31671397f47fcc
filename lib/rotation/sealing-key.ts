import { maxCacheLife } from '../secrets/reader.ts';
import { makeSealingKey, sealingKeys, sealLife, type SealingKeys } from '../webauth/state.ts';
import { UnusableSecret, type Rotation } from './rotate.ts';

/** The sealing keys: each moves up one place, `next → current → previous`, and a fresh one comes in. */
export const sealingKeyRotation: Rotation<SealingKeys> = {
  schema: sealingKeys(),
  // The key that leaves may have sealed until the last cache let it go, and that seal has its life still.
  pause: sealLife * 1000 + maxCacheLife,
  create: async (keys) =>
    keys === undefined
      ? { next: makeSealingKey(), current: makeSealingKey() }
      : { next: makeSealingKey(), current: keys.next, previous: keys.current },
  async test({ next, current, previous }) {
    const kids = [next, current, previous].flatMap((key) => (key === undefined ? [] : [key.kid]));
    if (new Set(kids).size !== kids.length) throw new UnusableSecret('two of its keys have the same id');
  },
};
