/** Tells the benchmark where the server answers. */
export function tellPort(port) {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
}
