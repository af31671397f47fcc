const names = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a URL stays on this machine, where http is as good as https. */
export function isLoopback({ hostname }: Pick<URL, 'hostname'>): boolean {
  return names.has(hostname);
}
