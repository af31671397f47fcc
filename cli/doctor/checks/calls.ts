import { ApiError, AuthenticationApi, Configuration, TransportError } from '#lib/budgea/authentication-api.ts';
import { basePath } from '#lib/operations/table.ts';
import { makeClientId, makeKey } from '#lib/partner-key.ts';
import { ok, wrong, type Check, type Finding } from '../check.ts';
import type { Context } from '../context.ts';

/** Checks that Budgea answers from here; an error response is an answer, because the call has no credentials. */
export const budgeaCheck: Check = {
  name: 'Budgea',
  async run({ budgea, settings }, signal) {
    const { url } = await budgea();
    const answered = ok(`${url} answers.`);
    try {
      await new AuthenticationApi(new Configuration({ basePath: url })).usersIdUserGet('me', {}, { signal });
      return answered;
    } catch (error) {
      if (error instanceof TransportError) {
        const advice =
          settings === undefined ? 'Check its address and the network.' : 'Check budgeaUrl in infra/environments.ts.';
        return wrong(`${url} returns no usable answer: ${error.failure}. ${advice}`);
      }
      if (!(error instanceof ApiError)) throw error;
      return error.status < 500 ? answered : wrong(`${url} answers ${error.status}: wait, or contact Budgea.`);
    }
  },
};

/** Calls the gateway without credentials, which tests API Gateway, the function and its settings. */
export const noCredentialsCheck: Check = {
  name: 'call, anonymous',
  run: (context, signal) => probe(context, signal, {}, 'unauthorized'),
};

/** Calls the gateway with a well-formed key of no partner, which also tests the function's access to the table. */
export const badKeyCheck: Check = {
  name: 'call, bad key',
  run: (context, signal) => probe(context, signal, { authorization: makeKey(makeClientId()) }, 'invalidClient'),
};

/** An operation that accepts a key and looks it up in the table. */
const path = '/users/me';
const functionOfPath = 'users-id-user-get';

async function probe(
  context: Context,
  signal: AbortSignal,
  headers: Record<string, string>,
  expected: string,
): Promise<Finding> {
  const url = (await context.gateway()) + path;
  const answer = await call(url, headers, signal);
  if (typeof answer === 'string') return wrong(`${url} does not answer: ${answer}. ${connectionAdvice(context)}`);
  const { status, envelope } = answer;
  if (status === 401 && envelope?.code === expected) return ok(`401 ${expected}, as expected.`);
  const actual = envelope === undefined ? status : `${status} ${envelope.code}`;
  return wrong(`The gateway answers ${actual} in place of 401 ${expected}. ${answerAdvice(context, status, envelope)}`);
}

interface Envelope {
  code: string;
  request_id: string;
}

/** Returns the status and the gateway's error envelope if there is one, or the reason why there is no answer. */
async function call(url: string, headers: Record<string, string>, signal: AbortSignal) {
  try {
    const response = await fetch(url, { headers, signal, redirect: 'manual' });
    return { status: response.status, envelope: readEnvelope(await response.text()) };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return cause instanceof Error && 'code' in cause ? String(cause.code) : 'no usable answer';
  }
}

function readEnvelope(text: string): Envelope | undefined {
  try {
    const { code, request_id } = JSON.parse(text) as Partial<Envelope>;
    return typeof code === 'string' && typeof request_id === 'string' ? { code, request_id } : undefined;
  } catch {
    return undefined;
  }
}

function connectionAdvice({ isDeployed, settings, remedy }: Context): string {
  if (!isDeployed) return remedy;
  return settings?.domain === undefined
    ? 'Check the network; pass a custom address with --gateway-url.'
    : `Check that ${settings.domain.name} points at the output DomainTarget.`;
}

function answerAdvice({ environment, isDeployed }: Context, status: number, envelope: Envelope | undefined): string {
  if (envelope === undefined) {
    if (status === 404) return `There is no such route: check that the address contains ${basePath}.`;
    return status === 429 ? 'API Gateway or Lambda throttles the call.' : 'This is not an answer of the gateway.';
  }
  const log = isDeployed ? `/aws/lambda/${environment}-gateway-${functionOfPath}` : 'the log that "npm start" prints';
  return `Look for request ${envelope.request_id} in ${log}.`;
}
