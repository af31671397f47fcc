const names = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Returns whether a URL's host is this machine, where http is as secure as https. */
export function isLoopback({ hostname }: Pick<URL, 'hostname'>): boolean {
  return names.has(hostname);
}
