import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { now } from '../clock.ts';
import { type Call, createInvocation } from '../operations/call.ts';
import { type Input, type Operation, type OperationId, operations } from '../operations/table.ts';
import type { authenticatePartner } from '../partners/authenticate.ts';
import { accessLog } from './access-log.ts';
import { authenticate, credentials } from './credentials.ts';
import { errors } from './errors.ts';
import { parse, validate } from './fields.ts';
import { redirectResponse, success } from './respond.ts';
import type { CallContext, Middleware } from './middleware.ts';

/** The result of an operation that redirects the browser. */
export class Redirect {
  readonly location: string;
  constructor(location: string) {
    this.location = location;
  }
}

/** The logic of an operation, run after validation and authentication. Returns the response body, nothing for 204, or a Redirect. */
export type Endpoint<Id extends OperationId> = (call: Call, input: Input<Id>) => Promise<unknown>;

/** A Lambda handler for API Gateway events, payload format 2.0. */
export type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

/**
 * Returns the Lambda handler of an operation with the whole middleware stack. Operations that accept partner keys pass `partners`. The hooks
 * after the endpoint run in reverse order, so that the access log gets the error response.
 */
export function serve<Id extends OperationId>(
  id: Id,
  endpoint: Endpoint<Id>,
  partners?: typeof authenticatePartner,
): Handler {
  const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Error, CallContext>({
    timeoutEarlyInMillis: 0,
  })
    .use(begin(id))
    .use(accessLog)
    .use(errors)
    .use(parse)
    .use(credentials)
    .use(authenticate(partners))
    .use(validate)
    .handler(async (_event, { call }) => {
      // `validate` parsed the input with this operation's schema.
      const result = await endpoint(call, call.input as Input<Id>);
      return result instanceof Redirect ? redirectResponse(call, result.location) : success(call, result);
    });
  // `begin` puts the call into Lambda's context before anything reads it.
  return (event, context) => handler(event, context as CallContext);
}

const validTraceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Creates the call with its request id, deadline and log fields, and releases the deadline at the end. */
function begin(id: OperationId): Middleware {
  const operation: Operation = operations[id];
  return {
    before({ event, context }) {
      const { traceparent = '', accept = '' } = event.headers;
      context.call = {
        id,
        operation,
        ...createInvocation(
          context,
          operation.needs.items.USER?.includes('put') ?? false,
          validTraceparent.test(traceparent) ? traceparent : undefined,
        ),
        startedAt: now(),
        browser: operation.errorFormat === 'page' && !accept.includes('application/json'),
        fields: {},
        credential: { kind: 'anonymous' },
        caller: { kind: 'anonymous' },
        input: undefined,
      };
    },
    after: release,
    onError: release,
  };
}

const release: Middleware['after'] = ({ context }) => context.call.release();
