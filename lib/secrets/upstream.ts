import { AuthenticationApi, Configuration } from '../budgea/authentication-api.ts';
import { send, type Send, preconnectTo } from '../budgea/send.ts';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import type { Call, Invocation } from '../operations/call.ts';
import { rejectEcho } from './echo.ts';

// Preconnect during the start, in parallel with the reads of secrets and of the partner's record.
if (env.isStarting()) preconnectTo(new Configuration({ basePath: env.budgeaUrl() }));

/** The credential of one upstream call. */
export interface UpstreamCredential {
  /** Sent as `Authorization: Bearer`. */
  token?: string | undefined;
  /** Credentials that the gateway attached. A response that repeats one is rejected. */
  guarded?: readonly string[];
}

/** Returns a Budgea client for one invocation. It uses the invocation's deadline, request id and trace, and counts its attempts. */
export function budgeaClient(invocation: Invocation, { token, guarded = [] }: UpstreamCredential): AuthenticationApi {
  const configuration = new Configuration({
    basePath: env.budgeaUrl(),
    apiKey: token,
    apiKeyPrefix: 'Bearer',
    signal: invocation.signal,
  });
  return new AuthenticationApi(configuration, sendFor(invocation, guarded));
}

/** Returns a client with the caller's token, or without credentials. */
export function forwardingClient(call: Call): AuthenticationApi {
  return budgeaClient(call, { token: call.caller.kind === 'token' ? call.caller.token : undefined });
}

function sendFor({ requestId, traceparent, log, backgroundTask }: Invocation, guarded: readonly string[]): Send {
  return async (request, configuration, signal) => {
    const headers = {
      ...request.headers,
      'user-agent': 'budgea-auth-gateway',
      'x-request-id': requestId,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    const startedAt = now();
    log.upstream_attempts++;
    try {
      const sent = send({ ...request, headers }, configuration, signal);
      void backgroundTask?.();
      const response = await sent;
      log.upstream_status = response.status;
      rejectEcho(response, guarded);
      return response;
    } finally {
      log.upstream_ms += now() - startedAt;
    }
  };
}
