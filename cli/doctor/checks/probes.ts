import { basePath } from '#lib/operations/table.ts';
import { makeClientId, makeKey } from '#lib/partners/key.ts';
import { ok, wrong, type Check, type Finding } from '../check.ts';
import type { Subject } from '../subject.ts';

/** An operation that takes a key and, with it, asks the table who that is. */
const path = '/users/me';
const log = 'users-id-user-get';

/** A call without credentials: API Gateway, the function and its environment. */
export const noCredentials: Check = {
  name: 'call, anonymous',
  run: (subject, signal) => probe(subject, signal, {}, 'unauthorized'),
};

/** A call with a key that is well-formed and nobody's: the function's way to the table as well. */
export const badKey: Check = {
  name: 'call, bad key',
  run: (subject, signal) => probe(subject, signal, { authorization: makeKey(makeClientId()) }, 'invalidClient'),
};

async function probe(
  subject: Subject,
  signal: AbortSignal,
  headers: Record<string, string>,
  code: string,
): Promise<Finding> {
  const url = (await subject.gateway()) + path;
  const answer = await ask(url, headers, signal);
  if (typeof answer === 'string') return wrong(`${url} does not answer: ${answer}. ${reach(subject)}`);
  const { status, envelope } = answer;
  if (status === 401 && envelope?.code === code) return ok(`401 ${code}, as it should be.`);
  const said = [status, envelope?.code].filter((word) => word !== undefined).join(' ');
  return wrong(`The gateway answers ${said} in place of 401 ${code}. ${where(subject, status, envelope)}`);
}

interface Envelope {
  code: string;
  request_id: string;
}

/** The status and the gateway's envelope, if it is one; or why there is no answer. */
async function ask(url: string, headers: Record<string, string>, signal: AbortSignal) {
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

function reach({ account, settings, remedy }: Subject): string {
  if (account === undefined) return remedy;
  return settings?.domain === undefined
    ? 'Check the network; with an address of its own, name it with --gateway-url.'
    : `Does ${settings.domain.name} point at the output DomainTarget?`;
}

function where({ environment, account }: Subject, status: number, envelope: Envelope | undefined): string {
  if (envelope === undefined) {
    if (status === 404) return `There is no such route: is ${basePath} part of the address?`;
    return status === 429 ? 'API Gateway or Lambda throttles it.' : `That is not the gateway’s own answer.`;
  }
  const name = account === undefined ? 'the log that "npm start" prints' : `/aws/lambda/${environment}-gateway-${log}`;
  return `Look for request ${envelope.request_id} in ${name}.`;
}
