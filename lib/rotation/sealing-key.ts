import { maxCacheLife } from '../secrets/reader.ts';
import { makeSealingKey, sealingKeys, sealLife, type SealingKeys } from '../webauth/state.ts';
import { UnusableSecret, type Rotation } from './rotate.ts';

/** The rotation of the sealing keys, which moves each key one place, `next → current → previous`, and creates a new one. */
export const sealingKeyRotation: Rotation<SealingKeys> = {
  schema: sealingKeys(),
  // Caches may use the replaced key for their lifetime, and its last seal is valid for the lifetime of a seal after that.
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
