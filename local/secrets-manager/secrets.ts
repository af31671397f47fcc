import type { Table } from '../store.ts';
import { invalidRequest, ServiceError } from './errors.ts';
import type { Secret } from './secret.ts';

/** Every secret of this server, in any region and account. */
export type Secrets = ReturnType<typeof openSecrets>;

/** Opens the secrets in a table, whose keys are their names. `onChange` is called after each write. */
export function openSecrets(table: Table<Secret>, onChange: () => void = () => {}) {
  /** Returns the secret with a name, ARN, or ARN without its suffix. */
  const lookUp = (id: string) => (id.startsWith('arn:') ? table.values().find(hasArn(id)) : table.get(id));
  /** As `lookUp`, but throws ResourceNotFoundException. */
  const find = (id: string) => {
    const secret = lookUp(id);
    if (secret !== undefined) return secret;
    throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  };

  return {
    all: () => table.values(),
    lookUp,
    find,
    /** As `find`, but throws InvalidRequestException for a secret that is marked for deletion. */
    findLive(id: string) {
      const secret = find(id);
      if (secret.deletesAt === undefined) return secret;
      throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
    },
    /** Resolves when the secret is on disk. */
    save: (secret: Secret) => table.set(secret.name, secret).then(onChange),
    remove: (secret: Secret) => table.delete(secret.name).then(onChange),
    /** Deletes the secrets whose recovery window has ended. */
    purge: (now: number) => table.deleteWhere(({ deletesAt }) => deletesAt !== undefined && deletesAt <= now),
  };
}

/** The ARN of a new secret differs from that of a deleted one with the same name by six random characters. */
const SUFFIX_LENGTH = '-AbCdEf'.length;

function hasArn(arn: string): (secret: Secret) => boolean {
  return (secret) => secret.arn === arn || secret.arn.slice(0, -SUFFIX_LENGTH) === arn;
}
