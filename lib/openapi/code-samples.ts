import { encodeQuery } from '../budgea/wire.ts';
import { quoted } from '../shell.ts';
import type { Example } from './examples.ts';
import type { DocumentedOperation } from './schema.ts';

/** Returns one sample for each example name, as a form where one exists, because that is the shortest. */
export function samplesOf(
  successes: readonly Example[],
  path: string,
  url: string,
): DocumentedOperation['x-codeSamples'] {
  const shortest = successes.toSorted((one, other) => lengthOf(one) - lengthOf(other));
  // Most clients of this API send client credentials.
  const names = [
    ...new Set([
      ...successes.map(({ name }) => name).filter((name) => name === 'client'),
      ...successes.map(({ name }) => name),
    ]),
  ];
  return names.flatMap((name) => {
    const sample = shortest.find((example) => example.name === name);
    return sample === undefined ? [] : [{ lang: 'Shell', label: sample.summary, source: curl(url, path, sample) }];
  });
}

function lengthOf({ request }: Example): number {
  return request.mediaType === 'application/x-www-form-urlencoded' ? 0 : 1;
}

/** Returns the `curl` command for an example, at the gateway with this base URL. */
function curl(url: string, path: string, { method, caller, request }: Example): string {
  const { path: inPath, query, headers, mediaType, fields } = request;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(inPath[name])));
  const search = encodeQuery(query);
  const body = bodyOf(mediaType, fields);
  const defaultMethod = body.length > 0 ? 'POST' : 'GET';
  const parts = [
    ...(method === defaultMethod ? [] : [`-X ${method}`]),
    quoted(url + filled + (search === '' ? '' : `?${search}`)),
    ...credentialsOf(headers),
    ...body,
    // A browser follows the redirect; curl prints its target.
    ...(caller === 'anonymous' ? ['-w %header{location}'] : []),
  ];
  return `curl ${parts.join(' \\\n  ')}`;
}

function bodyOf(mediaType: Example['request']['mediaType'], fields: Example['request']['fields']): string[] {
  const option = mediaType === 'multipart/form-data' ? '-F' : '-d';
  if (mediaType !== 'application/json') {
    return Object.entries(fields).map(([name, value]) => `${option} ${quoted(`${name}=${value}`)}`);
  }
  return ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(fields))}`];
}

/** Returns the options for the headers; HTTP Basic credentials are decoded for `-u`. */
function credentialsOf(headers: Example['request']['headers']): string[] {
  return Object.entries(headers).map(([name, value]) => {
    const basic = /^Basic (.+)$/.exec(value)?.[1];
    return basic === undefined
      ? `-H ${quoted(`${name}: ${value}`)}`
      : `-u ${quoted(Buffer.from(basic, 'base64').toString())}`;
  });
}
