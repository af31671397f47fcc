import type { Operation } from './operation.ts';
import { passwordOperations } from './operations/password.ts';
import { rotationOperations } from './operations/rotation.ts';
import { secretOperations } from './operations/secrets.ts';
import { versionOperations } from './operations/versions.ts';

/** Every operation of this server, by its name in the protocol. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...passwordOperations, ...rotationOperations, ...secretOperations, ...versionOperations }),
);
