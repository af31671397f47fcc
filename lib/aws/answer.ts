/** A service of AWS answered with an error, by the service's own name for it; its words, which can quote the request, are not kept. */
export class AwsError extends Error {
  override readonly name: string;
  /** The HTTP status. */
  readonly status: number;

  constructor(name: string, status: number) {
    super(`AWS answered ${status} ${name}`);
    this.name = name;
    this.status = status;
  }
}

/** Reads an answer of the JSON protocol. Pure. Throws AwsError: `UnreadableAnswer` when it is not an object. */
export function readAnswer(status: number, text: string): Readonly<Record<string, unknown>> {
  const answer = parseObject(text);
  if (status === 200 && answer !== undefined) return answer;
  throw new AwsError(answer === undefined ? 'UnreadableAnswer' : errorName(answer), status);
}

/** `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`, or the name alone. */
function errorName({ __type: type }: Readonly<Record<string, unknown>>): string {
  const [, name] = /^(?:[\w.]{1,100}#)?([A-Za-z]{1,60})$/.exec(typeof type === 'string' ? type : '') ?? [];
  return name ?? 'UnknownError';
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>; // Any object is one.
  } catch {
    // A parser's message quotes what it parses.
  }
  return undefined;
}
