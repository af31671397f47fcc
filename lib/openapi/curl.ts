import type { CallerKind } from '../operations.ts';

/** What a shell has to be told to make a call. */
interface Example {
  method: string;
  /** With values in place of `{parameters}`. */
  url: string;
  caller: CallerKind;
  /** Whether fields and the client's credentials go into the body. */
  hasBody: boolean;
  fields: Readonly<Record<string, string>>;
}

/** A call to paste, once the words in capitals are replaced. */
export function curl({ method, url, caller, hasBody, fields }: Example): string {
  const inBody = { ...(hasBody && caller === 'client' ? clientFields : {}), ...(hasBody ? fields : {}) };
  const query = hasBody ? '' : new URLSearchParams(fields).toString();
  const data = Object.entries(inBody).map(([name, value]) => `-d ${name}=${value}`);
  const needsMethod = method !== (data.length > 0 ? 'POST' : 'GET');
  return [
    'curl',
    ...(needsMethod ? [`-X ${method}`] : []),
    query === '' ? url : `'${url}?${query}'`,
    ...(hasBody && caller === 'client' ? [] : credential[caller]),
    ...data,
  ].join(' ');
}

const clientFields = { client_id: 'CLIENT_ID', client_secret: 'PARTNER_KEY' };

const credential: Record<CallerKind, readonly string[]> = {
  client: ['-u CLIENT_ID:PARTNER_KEY'],
  manager: ["-H 'Authorization: Bearer PARTNER_KEY'"],
  identified: ["-H 'x-api-key: PARTNER_KEY'"],
  token: ["-H 'Authorization: Bearer TOKEN'"],
  anonymous: [],
};
