import type { Table } from '../store.ts';
import { ServiceError } from './errors.ts';
import type { Secret } from './secret.ts';

/** Every secret of this server, whatever the region and account that a client speaks for. */
export interface Secrets {
  all(): Secret[];
  /** The secret of that name, ARN, or ARN without its suffix. */
  lookUp(id: string): Secret | undefined;
  /** Like `lookUp`, and throws ResourceNotFoundException. */
  find(id: string): Secret;
  /** Like `find`, and throws InvalidRequestException for a secret that is marked for deletion. */
  findLive(id: string): Secret;
  /** Resolves when the secret is on disk. */
  save(secret: Secret): Promise<void>;
  remove(secret: Secret): Promise<void>;
  /** Removes the secrets whose recovery window has ended. */
  purge(now: number): Promise<void>;
}

/** Reads and writes secrets in the store's table, whose keys are their names; `onChange` is told when something was written. */
export function openSecrets(table: Table<Secret>, onChange: () => void = () => {}): Secrets {
  const lookUp = (id: string) => (id.startsWith('arn:') ? table.values().find(hasArn(id)) : table.get(id));
  const find = (id: string) => {
    const secret = lookUp(id);
    if (secret === undefined) {
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return secret;
  };

  return {
    all: () => table.values(),
    lookUp,
    find,
    findLive(id) {
      const secret = find(id);
      if (secret.deletesAt === undefined) return secret;
      throw new ServiceError(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    },
    save: (secret) => table.set(secret.name, secret).then(onChange),
    remove: (secret) => table.delete(secret.name).then(onChange),
    async purge(now) {
      const ended = table.values().filter(({ deletesAt }) => deletesAt !== undefined && deletesAt <= now);
      await Promise.all(ended.map((secret) => table.delete(secret.name)));
    },
  };
}

/** The six random characters after the name let a new secret of an old name have an ARN of its own. */
const SUFFIX_LENGTH = '-AbCdEf'.length;

function hasArn(arn: string): (secret: Secret) => boolean {
  return (secret) => secret.arn === arn || secret.arn.slice(0, -SUFFIX_LENGTH) === arn;
}
