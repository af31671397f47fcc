interface Target {
  /** The decoded path split at its slashes; the first is the empty string before the leading one. */
  segments: string[];
  /** As it was sent, without the question mark. */
  queryString: string;
}

/** Takes a request target apart (origin or absolute form); `undefined` when its path is not percent-encoded UTF-8. */
export function parseTarget(url: string): Target | undefined {
  const [path = '', ...query] = url.replace(/^https?:\/\/[^/?]*/i, '').split('?');
  try {
    // Decoded after the split, so that an encoded slash stays inside its segment.
    return { segments: (path || '/').split('/').map(decodeURIComponent), queryString: query.join('?') };
  } catch {
    return undefined;
  }
}
