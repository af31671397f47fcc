import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as v from 'valibot';
import { ApiError, TransportError } from '../budgea/authentication-api.ts';
import { GatewayError, errorCodes, type ErrorCode } from '../errors.ts';
import { describeError } from '../observability/describe-error.ts';
import { errorEnvelope } from '../budgea/specification.ts';
import { now } from '../clock.ts';
import type { Call } from '../operations/call.ts';
import { jsonResponse, pageResponse } from './respond.ts';
import type { Middleware } from './middleware.ts';

/** A refusal, ready to be told in any shape. */
interface Refusal {
  status: number;
  code: string;
  description: string;
  message: string | null;
  retryAfter?: number | undefined;
  oauthError?: string | undefined;
}

/** Letters alone: whatever an upstream echoes as its code, nothing secret gets into the log as one. */
const readsAsCode = /^[A-Za-z_]{1,40}$/;

/** The one place that turns errors into answers; what it does not know becomes a constant 500. */
export const errors: Middleware = {
  onError(request) {
    const { call } = request.context;
    if (isUnexpectedUser(request.error)) call.log.count.push('UnexpectedUser');
    const refusal = refusalOf(request.error);
    call.log.code = readsAsCode.test(refusal.code) ? refusal.code : 'unreadable';
    const { detail, cause } = describeError(request.error);
    if (detail !== undefined) call.log.detail = detail;
    if (cause !== undefined) call.log.cause = cause;
    request.response = answer(call, refusal);
  },
};

function isUnexpectedUser(error: unknown): boolean {
  return error instanceof TransportError && error.failure === 'unexpected-user';
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof GatewayError) return ownRefusal(error.code, error);
  if (error instanceof TransportError) return ownRefusal(error.failure === 'timeout' ? 'gatewayTimeout' : 'badGateway');
  if (error instanceof ApiError) return upstreamRefusal(error);
  return ownRefusal('bug');
}

function ownRefusal(code: ErrorCode, said: Partial<GatewayError> = {}): Refusal {
  const { description, retryAfter, oauthError } = said;
  const { status } = errorCodes[code];
  const waits = status === 503 || status === 429 ? (retryAfter ?? 5) : undefined;
  return {
    status,
    code,
    description: description ?? errorCodes[code].description,
    message: null,
    retryAfter: waits,
    oauthError,
  };
}

/** Upstream's own refusal goes on in its words; its failures become a bad gateway, its overload keeps its status. */
function upstreamRefusal({ status, headers, body }: ApiError): Refusal {
  const envelope = v.safeParse(errorEnvelope(), body);
  const overload = status === 429 || status === 503;
  if (!overload && !envelope.success) return ownRefusal('badGateway');
  if (status < 400) return ownRefusal('badGateway');
  const fallback = errorCodes[status === 429 ? 'tooManyRequests' : status === 503 ? 'unavailable' : 'badGateway'];
  const said = envelope.success ? envelope.output : undefined;
  return {
    status: status >= 500 && status !== 503 ? 502 : status,
    code: said?.code ?? (status === 429 ? 'tooManyRequests' : 'unavailable'),
    description: said?.description ?? fallback.description,
    message: said?.message ?? null,
    retryAfter: overload ? secondsUntil(headers['retry-after']) : undefined,
  };
}

/** RFC 9110, section 10.2.3: seconds or a date; whole seconds from 1 to 3600 go on. */
function secondsUntil(header: string | undefined): number {
  if (header === undefined) return 5;
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - now()) / 1000;
  return Number.isNaN(seconds) ? 5 : Math.min(3600, Math.max(1, Math.ceil(seconds)));
}

function answer(call: Call, refusal: Refusal): APIGatewayProxyStructuredResultV2 {
  const { status, code, description, message, retryAfter } = refusal;
  const headers = {
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="budgea-auth-gateway"' } : {}),
  };
  if (call.browser) return pageResponse(call, status, description, headers);
  const envelope = { code, description, message, request_id: call.requestId };
  const oauth = { error: refusal.oauthError ?? oauthName(refusal), error_description: description };
  return jsonResponse(
    call,
    status,
    call.operation.refusals === 'oauth' ? { ...envelope, ...oauth } : envelope,
    headers,
  );
}

/** RFC 6749, section 5.2; the last three of section 4.1.2.1, where a token endpoint has no name of its own. */
function oauthName({ status, code }: Refusal): string {
  if (code === 'invalidCode') return 'invalid_grant';
  if (code === 'invalidClient' || status === 401) return 'invalid_client';
  if (status === 403) return 'unauthorized_client';
  if (status === 429 || status === 503 || status === 504) return 'temporarily_unavailable';
  return status >= 500 ? 'server_error' : 'invalid_request';
}
