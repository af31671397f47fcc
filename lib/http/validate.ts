import * as v from 'valibot';
import { GatewayError } from '../errors.ts';
import type { Middleware } from './call.ts';

/** Checks path parameters and fields against the row's schema. Throws GatewayError `missingParameter` or `invalidValue`, naming the field. */
export const validate: Middleware = {
  before({ event, context: { call } }) {
    const given: Record<string, unknown> = { ...call.fields, ...event.pathParameters };
    const checked = v.safeParse(call.operation.request(), given, { abortEarly: true });
    if (checked.success) {
      call.input = checked.output;
      return;
    }
    const [issue] = checked.issues;
    // The path names a field of the schema, never one that the caller made up.
    const name = String(issue.path?.[0].key);
    if (given[name] === undefined) throw new GatewayError('missingParameter', { description: `${name} is missing.` });
    throw new GatewayError('invalidValue', {
      description: `${name} ${issue.message}.`,
      // RFC 6749, section 5.2.
      ...(name === 'grant_type' && { oauthError: 'unsupported_grant_type' }),
    });
  },
};
