import { decodeJwt } from 'jose';
import type { ManageToken } from '#lib/rotation/manage-token.ts';

/** Takes manage tokens that were replaced out of use. */
export interface Revoker {
  /** To be called when a new manage token is in use; revokes every older one that still works, if asked to. */
  promoted(revoke: boolean): Promise<void>;
}

/** Makes the revoker of a sandbox's manage tokens, given its base URL. */
export async function makeRevoker(sandbox: string): Promise<Revoker> {
  let current = await currentId();
  // An instance keeps a token until it is refused: revoking the last one alone would miss those that hold an older one.
  const older: string[] = [];
  return {
    async promoted(revoke) {
      older.push(current);
      if (revoke) await Promise.all(older.splice(0).map((jti) => revokeToken(sandbox, jti)));
      current = await currentId();
    },
  };
}

async function currentId(): Promise<string> {
  // It makes an AWS client, which takes its endpoint from the environment.
  const { readSecret } = await import('#local/secrets.ts');
  const token = await readSecret<ManageToken>('manage-token');
  const { jti } = decodeJwt(token?.jwt_token ?? '');
  if (jti === undefined) throw new Error('the manage token has no id');
  return jti;
}

async function revokeToken(sandbox: string, jti: string): Promise<void> {
  const answer = await fetch(new URL('/_sandbox/manage-tokens/revoke', sandbox), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jti }),
  });
  const { revoked } = (await answer.json()) as { revoked?: number };
  if (revoked !== 1) throw new Error('the sandbox did not revoke a manage token');
}
