import { env } from '../env.ts';
import { GatewayError } from '../errors.ts';
import type { authenticatePartner } from '../partners/authenticate.ts';
import type { Call, Middleware } from './call.ts';
import type { Caller } from './caller.ts';

/**
 * Turns the credential into a caller. `partners` proves a partner's key; an operation that takes none goes without it, and so loads no AWS
 * client. Throws GatewayError: 401 `unauthorized` for nobody, and what `partners` throws.
 */
export function authenticate(partners: typeof authenticatePartner = refusePartners): Middleware {
  return {
    async before({ context: { call } }) {
      call.caller = await callerOf(call, partners);
    },
    after: settle,
    onError: settle,
  };
}

const settle: Middleware['after'] = ({ context: { call } }) => call.meanwhile?.();

async function callerOf(call: Call, partners: typeof authenticatePartner): Promise<Caller> {
  const { credential, operation, record } = call;
  switch (credential.kind) {
    case 'token':
      return credential;
    case 'anonymous': {
      const { accepts, needs } = operation;
      const settable = needs.settings.includes('ALLOW_ANONYMOUS_INIT') && env.allowAnonymousInit();
      if (accepts.includes('anonymous') || settable) return credential;
      throw new GatewayError('unauthorized');
    }
    case 'client':
    case 'manager':
    case 'identified': {
      const { key } = credential;
      if (key !== undefined) record.partner = key.clientId;
      const partner = await partners(credential.kind, key);
      record.key_id = partner.keyId;
      call.meanwhile = partner.noteUse;
      return partner;
    }
  }
}

async function refusePartners(): Promise<never> {
  throw new GatewayError('forbidden');
}
