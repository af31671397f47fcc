import { encodeQuery } from '../budgea/media.ts';
import { quoted } from '../shell.ts';
import type { Example } from './examples.ts';

/** The call of an example for a shell, at the gateway with this base URL. */
export function curl(url: string, path: string, { method, caller, request }: Example): string {
  const { path: inPath, query, headers, mediaType, fields } = request;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(inPath[name])));
  const search = encodeQuery(query);
  const body = bodyOf(mediaType, fields);
  const usual = body.length > 0 ? 'POST' : 'GET';
  const parts = [
    ...(method === usual ? [] : [`-X ${method}`]),
    quoted(url + filled + (search === '' ? '' : `?${search}`)),
    ...credentialsOf(headers),
    ...body,
    // A browser follows; who looks at the call wants to see where to.
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

/** What HTTP Basic sends is written in clear, as curl takes it. */
function credentialsOf(headers: Example['request']['headers']): string[] {
  return Object.entries(headers).map(([name, value]) => {
    const basic = /^Basic (.+)$/.exec(value)?.[1];
    return basic === undefined
      ? `-H ${quoted(`${name}: ${value}`)}`
      : `-u ${quoted(Buffer.from(basic, 'base64').toString())}`;
  });
}
