import { AuthenticationApi, Configuration } from '../budgea/authentication-api.ts';
import { send, sendSoon, type Send } from '../budgea/send.ts';
import { now } from '../clock.ts';
import { env } from '../env.ts';
import type { Call, Invocation } from './call.ts';
import { rejectEcho } from './echo.ts';

// The first call finds a connection that is open, or opening while it reads secrets and the partner's record.
if (env.isStarting()) sendSoon(new Configuration({ basePath: env.budgeaUrl() }));

/** What a client for one upstream call is made of. */
export interface Attached {
  /** Goes into `Authorization`, as Bearer. */
  token?: string | undefined;
  /** Credentials that the gateway attached: an answer that repeats one is not passed on. */
  guarded?: readonly string[];
}

/** The client of Budgea for one invocation: it ends with it, carries its request id and trace, and counts its attempts. */
export function budgeaFor(invocation: Invocation, { token, guarded = [] }: Attached): AuthenticationApi {
  const configuration = new Configuration({
    basePath: env.budgeaUrl(),
    apiKey: token,
    apiKeyPrefix: 'Bearer',
    signal: invocation.signal,
  });
  return new AuthenticationApi(configuration, sendFor(invocation, guarded));
}

/** The client with the caller's own token, or with none. */
export function forwarding(call: Call): AuthenticationApi {
  return budgeaFor(call, { token: call.caller.kind === 'token' ? call.caller.token : undefined });
}

function sendFor({ requestId, traceparent, record, meanwhile }: Invocation, guarded: readonly string[]): Send {
  return async (request, configuration, signal) => {
    const headers = {
      ...request.headers,
      'user-agent': 'budgea-auth-gateway',
      'x-request-id': requestId,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    const startedAt = now();
    record.upstream_attempts++;
    try {
      const sent = send({ ...request, headers }, configuration, signal);
      void meanwhile?.();
      const response = await sent;
      record.upstream_status = response.status;
      rejectEcho(response, guarded);
      return response;
    } finally {
      record.upstream_ms += now() - startedAt;
    }
  };
}
