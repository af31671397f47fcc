import type { Budgea } from './budgea.ts';
import { BudgeaError } from './errors.ts';
import type { Call } from './operation.ts';
import { text } from './parameters.ts';

/**
 * Whether the call carries the client's id and secret, in the body or else as HTTP Basic.
 * Complete credentials that are wrong throw `invalidClient`, whatever else the call carries.
 */
export function isSignedByClient(budgea: Budgea, call: Call): boolean {
  const presented = fromBody(call) ?? fromBasic(call);
  if (presented === undefined) return false;
  if (!presented.some(({ id, secret }) => budgea.contract.isClient(id, secret))) {
    throw new BudgeaError('invalidClient', 'The client credentials are invalid');
  }
  return true;
}

/** Throws `missingParameter` when only one of the client's two body fields is there. */
export function refuseHalfCredentials({ body }: Call): void {
  const missing = text(body, 'client_id') === undefined ? 'client_id' : 'client_secret';
  const other = missing === 'client_id' ? 'client_secret' : 'client_id';
  if (text(body, other) !== undefined && text(body, missing) === undefined) {
    throw new BudgeaError('missingParameter', `The parameter ${missing} is required`);
  }
}

interface Credentials {
  id: string;
  secret: string;
}

function fromBody({ body }: Call): Credentials[] | undefined {
  const id = text(body, 'client_id');
  const secret = text(body, 'client_secret');
  return id === undefined || secret === undefined ? undefined : [{ id, secret }];
}

/** Both readings of `id:secret:`, which one SDK sends: the colon at the end may or may not belong to the secret. */
function fromBasic({ authorization }: Call): Credentials[] | undefined {
  const encoded = /^basic +(\S*) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  const secret = rest.join(':');
  return [secret, secret.replace(/:$/, '')].map((reading) => ({ id, secret: reading }));
}
