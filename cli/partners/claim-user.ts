import { OwnershipConflict, ownershipOf, saveOwner, type Ownership } from '#lib/partners/ownership.ts';

/** What came of a claim: the user is the partner's, newly or already, or it stays another's. */
export type Claimed = 'recorded' | 'already' | Pick<Ownership, 'owner'>;

/** Records a user as the partner's, for good. Throws the table's errors. */
export async function claimUser(idUser: string, clientId: string): Promise<Claimed> {
  const before = await ownershipOf(idUser);
  if (before !== undefined && before.owner !== clientId) return before;
  // A temporary user of the partner's own becomes a permanent one.
  if (before !== undefined && before.temporary_until === undefined) return 'already';
  try {
    await saveOwner(idUser, clientId);
    return 'recorded';
  } catch (error) {
    // Somebody was faster.
    const winner = error instanceof OwnershipConflict ? await ownershipOf(idUser) : undefined;
    if (winner === undefined) throw error;
    return winner;
  }
}
