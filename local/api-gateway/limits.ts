import type { Header } from './headers.ts';
import type { RefusalStatus } from './refusal.ts';

/** The largest request body: 10 MB. Source: "Quotas for configuring and running an HTTP API". */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** The largest result of a function: 6 MB. Source: "Lambda quotas", synchronous invocation payload. */
export const MAX_RESULT_BYTES = 6 * 1024 * 1024;

/** How long a caller may take to send a whole request. */
export const MAX_REQUEST_MS = 30_000;

/** What Node's parser accepts of request line and headers: enough that the service's own limit is the one that bites. */
export const NODE_MAX_HEADER_BYTES = 64 * 1024;

/** The most that request line and header values may have together. Source: the same page as the body's limit. */
const MAX_HEAD_BYTES = 10_240;

/** The status that refuses a request whose line (414) or line and header values together (431) are too long. */
export function oversize(requestLine: string, headers: readonly Header[]): RefusalStatus | undefined {
  if (requestLine.length > MAX_HEAD_BYTES) return 414;
  const total = headers.reduce((sum, [, value]) => sum + value.length, requestLine.length);
  return total > MAX_HEAD_BYTES ? 431 : undefined;
}
