import { startProxy, type ProxyResponse, type RunningProxy } from '../proxy.ts';

/** An AWS account with a deployed gateway, as far as the command line calls its services. */
export interface AwsAccount extends RunningProxy {
  /** The outputs of each stack by the stack's name. */
  stacks: Record<string, Record<string, string>>;
  /** The status of all stacks. */
  status: string;
  /** The state of each alarm by its name. */
  alarms: Record<string, string>;
  concurrency: number;
  /** The events of each log group by its name. */
  logs: Record<string, LogEvent[]>;
  /** The number of requests for logs that are throttled next. */
  throttles: number;
  /** Whether all requests are denied. */
  denies: boolean;
}

/** A log event; `timestamp` is in milliseconds since the epoch. */
export interface LogEvent {
  timestamp: number;
  message: string;
}

interface LogsRequest {
  logGroupName: string;
  startTime: number;
  filterPattern: string;
  nextToken?: string;
}

/** Starts an account on loopback without stacks and alarms. */
export async function startAwsAccount(): Promise<AwsAccount> {
  const server = await startProxy(
    () => '',
    async ({ path, headers, body }) => {
      const target = headers['x-amz-target'];
      if (target === undefined && !path.includes('/account-settings'))
        return cloudFormation(new URLSearchParams(body).get('StackName') ?? '');
      if (account.denies) return failure('AccessDeniedException', 'not authorized to perform: it');
      if (target === undefined) return json({ AccountLimit: { ConcurrentExecutions: account.concurrency } });
      if (target === 'Logs_20140328.FilterLogEvents') return cloudWatchLogs(JSON.parse(body) as LogsRequest);
      const alarms = Object.entries(account.alarms);
      return json({
        MetricAlarms: alarms.map(([AlarmName, StateValue]) => ({ AlarmName, StateValue, ActionsEnabled: true })),
      });
    },
  );
  const account: AwsAccount = {
    ...server,
    stacks: {},
    status: 'UPDATE_COMPLETE',
    alarms: {},
    concurrency: 1000,
    logs: {},
    throttles: 0,
    denies: false,
  };
  return account;

  function cloudWatchLogs(request: LogsRequest): ProxyResponse {
    const events = account.logs[request.logGroupName];
    if (account.throttles > 0) {
      account.throttles -= 1;
      return failure('ThrottlingException', 'Rate exceeded');
    }
    if (events === undefined) return failure('ResourceNotFoundException', 'The log group does not exist.');
    return json(pageOf(events, request));
  }

  function cloudFormation(name: string): ProxyResponse {
    const outputs = account.stacks[name];
    if (account.denies) return xmlFailure('AccessDenied', 'not authorized to perform: cloudformation:DescribeStacks');
    if (outputs === undefined) return xmlFailure('ValidationError', `Stack with id ${name} does not exist`);
    const members = Object.entries(outputs).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    );
    const stack = `<StackId>arn:aws:cloudformation:eu-west-3:123456789012:stack/${name}/1</StackId><StackName>${name}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>${account.status}</StackStatus><Outputs>${members.join('')}</Outputs>`;
    return xml(
      200,
      `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    );
  }
}

function json(value: object, status = 200): ProxyResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(value) };
}

const failure = (__type: string, message: string): ProxyResponse => json({ __type, message }, 400);

const xml = (status: number, body: string): ProxyResponse => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body,
});

const xmlFailure = (code: string, message: string): ProxyResponse =>
  xml(
    400,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  );

/** Returns one event per page, and an empty page before each: the service guarantees neither full pages nor that an empty page is the last. */
function pageOf(all: readonly LogEvent[], { startTime, filterPattern, nextToken = '0' }: LogsRequest): object {
  const events = all
    .map((event, at) => ({ ...event, eventId: String(at), ingestionTime: event.timestamp }))
    .filter(({ timestamp, message }) => timestamp >= startTime && matches(filterPattern, message));
  const page = Number(nextToken);
  const isLast = page + 1 >= 2 * events.length;
  return {
    events: page % 2 === 0 ? [] : events.slice((page - 1) / 2, (page + 1) / 2),
    searchedLogStreams: [],
    ...(!isLast && { nextToken: String(page + 1) }),
  };
}

/** Evaluates the filter patterns that the command line uses: fields of a JSON object, compared with numbers and strings. */
function matches(pattern: string, message: string): boolean {
  const terms = /^\{ \((.*)\) \}$/.exec(pattern)?.[1]?.split(') && (') ?? [];
  return terms.every((term) => {
    const [, name = '', operator = '', expected = ''] = /^\$\.(\w+) (>=|<=|=|!=) (\d+|"[^"]*")$/.exec(term) ?? [];
    const value = fieldOf(message, name);
    switch (operator) {
      case '>=':
        return typeof value === 'number' && value >= Number(expected);
      case '<=':
        return typeof value === 'number' && value <= Number(expected);
      case '=':
        return JSON.stringify(value) === expected;
      case '!=':
        return value !== undefined && JSON.stringify(value) !== expected;
      default:
        throw new Error(`unsupported filter term: ${term}`);
    }
  });
}

function fieldOf(message: string, name: string): unknown {
  try {
    return (JSON.parse(message) as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
