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

/** The content of an error response, independent of its format. */
interface ErrorResponse {
  status: number;
  code: string;
  description: string;
  message: string | null;
  retryAfter?: number | undefined;
  oauthError?: string | undefined;
}

/** Only letters: an upstream that echoes a secret as its error code does not get it into the log. */
const loggableCode = /^[A-Za-z_]{1,40}$/;

/** Converts every error into an error response. Unknown errors become a constant 500. */
export const errors: Middleware = {
  onError(request) {
    const { call } = request.context;
    if (isUnexpectedUser(request.error)) call.log.count.push('UnexpectedUser');
    const response = responseTo(request.error);
    call.log.code = loggableCode.test(response.code) ? response.code : 'unreadable';
    const { detail, cause } = describeError(request.error);
    if (detail !== undefined) call.log.detail = detail;
    if (cause !== undefined) call.log.cause = cause;
    request.response = format(call, response);
  },
};

function isUnexpectedUser(error: unknown): boolean {
  return error instanceof TransportError && error.failure === 'unexpected-user';
}

function responseTo(error: unknown): ErrorResponse {
  if (error instanceof GatewayError) return gatewayError(error.code, error);
  if (error instanceof TransportError) {
    return gatewayError(error.failure === 'timeout' ? 'gatewayTimeout' : 'badGateway');
  }
  if (error instanceof ApiError) return upstreamError(error);
  return gatewayError('bug');
}

function gatewayError(code: ErrorCode, options: Partial<GatewayError> = {}): ErrorResponse {
  const { description, retryAfter } = options;
  const { status } = errorCodes[code];
  return {
    status,
    code,
    description: description ?? errorCodes[code].description,
    message: null,
    retryAfter: status === 503 || status === 429 ? (retryAfter ?? 5) : undefined,
    oauthError: options.oauthError,
  };
}

/** Passes on upstream's error envelope. Server errors become 502; 429 and 503 keep their status. */
function upstreamError({ status, headers, body }: ApiError): ErrorResponse {
  const parsed = v.safeParse(errorEnvelope(), body);
  const overload = status === 429 || status === 503;
  if (!overload && !parsed.success) return gatewayError('badGateway');
  if (status < 400) return gatewayError('badGateway');
  const fallback = errorCodes[status === 429 ? 'tooManyRequests' : status === 503 ? 'unavailable' : 'badGateway'];
  const envelope = parsed.success ? parsed.output : undefined;
  return {
    status: status >= 500 && status !== 503 ? 502 : status,
    code: envelope?.code ?? (status === 429 ? 'tooManyRequests' : 'unavailable'),
    description: envelope?.description ?? fallback.description,
    message: envelope?.message ?? null,
    retryAfter: overload ? secondsUntil(headers['retry-after']) : undefined,
  };
}

/** Returns a `Retry-After` value (seconds or a date; RFC 9110, section 10.2.3) as whole seconds from 1 to 3600, or 5 if it cannot be parsed. */
function secondsUntil(header: string | undefined): number {
  if (header === undefined) return 5;
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - now()) / 1000;
  return Number.isNaN(seconds) ? 5 : Math.min(3600, Math.max(1, Math.ceil(seconds)));
}

function format(call: Call, response: ErrorResponse): APIGatewayProxyStructuredResultV2 {
  const { status, code, description, message, retryAfter } = response;
  const headers = {
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="budgea-auth-gateway"' } : {}),
  };
  if (call.browser) return pageResponse(call, status, description, headers);
  const envelope = { code, description, message, request_id: call.requestId };
  const oauth = { error: response.oauthError ?? oauthCode(response), error_description: description };
  return jsonResponse(
    call,
    status,
    call.operation.errorFormat === 'oauth' ? { ...envelope, ...oauth } : envelope,
    headers,
  );
}

/** Returns the OAuth error code: RFC 6749, section 5.2, and section 4.1.2.1 for the server errors that 5.2 does not name. */
function oauthCode({ status, code }: ErrorResponse): string {
  if (code === 'invalidCode') return 'invalid_grant';
  if (code === 'invalidClient' || status === 401) return 'invalid_client';
  if (status === 403) return 'unauthorized_client';
  if (status === 429 || status === 503 || status === 504) return 'temporarily_unavailable';
  return status >= 500 ? 'server_error' : 'invalid_request';
}
