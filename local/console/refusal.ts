/** What the console does not do; the message is for whoever asked and says what to do. */
export class ConsoleRefusal extends Error {
  override readonly name = 'ConsoleRefusal';
  readonly status: 400 | 403 | 404 | 409 | 413 | 415 | 502;

  constructor(status: ConsoleRefusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}
