/** What the sandbox does to a call on demand, and the refusal that the caller gets. */
export const upstreamFailures: [answer: string, status: number, code: string, retryAfter?: string][] = [
  ['tooManyRequests', 429, 'tooManyRequests', '7'],
  ['maintenance', 503, 'maintenance', '5'],
  ['bug', 502, 'bug'],
  ['html', 502, 'badGateway'],
  ['lost', 502, 'badGateway'],
];
