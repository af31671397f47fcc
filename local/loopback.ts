import type { IncomingHttpHeaders } from 'node:http';

/** What of a request tells where it comes from. */
export type Origins = Pick<IncomingHttpHeaders, 'host' | 'origin' | 'sec-fetch-site' | 'sec-fetch-mode'>;

const names = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::(\d+))?$/i;

/**
 * Whether a request may be one of this machine's user: it names the server by a name of the loopback interface with the server's own port
 * (another page's host name can be made to lead here), and no page of another origin had the browser send it. Programs send no `Origin`.
 */
export function isFromHere(headers: Origins, port: number): boolean {
  const { host = '', origin, 'sec-fetch-site': site } = headers;
  const name = names.exec(host);
  if (name === null || Number(name[1] ?? 80) !== port) return false;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return false;
  return site === undefined || site === 'same-origin' || site === 'none';
}
