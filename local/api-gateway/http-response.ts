import type { Header } from './headers.ts';

/** What the gateway sends back; the content's length and the request's id are added when it is sent. */
export interface HttpResponse {
  statusCode: number;
  headers: readonly Header[];
  body: Buffer;
}
