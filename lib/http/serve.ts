import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { Input, OperationId } from '../operations.ts';
import type { authenticatePartner } from '../partners/authenticate.ts';
import { authenticate } from './authenticate.ts';
import { begin } from './begin.ts';
import type { Call, CallContext } from './call.ts';
import { credentials } from './credentials.ts';
import { errors } from './errors.ts';
import { journal } from './journal.ts';
import { parse } from './parse.ts';
import { redirectAnswer, success } from './respond.ts';
import { validate } from './validate.ts';

/** Sends the browser on instead of answering with a body. */
export class Redirect {
  readonly location: string;
  constructor(location: string) {
    this.location = location;
  }
}

/** What an operation does once the call is known to be well-formed and its caller is known: gives the answer's body, or nothing, or a Redirect. */
export type Endpoint<Id extends OperationId> = (call: Call, input: Input<Id>) => Promise<unknown>;

/** A Lambda handler behind API Gateway, payload format 2.0. */
export type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

/**
 * Makes an operation's handler: the whole way of a request. `partners` proves partner keys, for the operations that take them. Hooks after
 * the endpoint run from the last to the first, so that the journal sees what the errors became.
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
    .use(journal)
    .use(errors)
    .use(parse)
    .use(credentials)
    .use(authenticate(partners))
    .use(validate)
    .handler(async (_event, { call }) => {
      // The row's own schema made the input.
      const result = await endpoint(call, call.input as Input<Id>);
      return result instanceof Redirect ? redirectAnswer(call, result.location) : success(call, result);
    });
  // `begin` puts the call into Lambda's context before anything reads it.
  return (event, context) => handler(event, context as CallContext);
}
