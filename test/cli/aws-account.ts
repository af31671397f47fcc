import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An AWS account that a gateway is deployed to, as the services say that the command line asks. */
export interface AwsAccount {
  url: string;
  /** The outputs of each stack, by the stack's name; the status of all. */
  stacks: Record<string, Record<string, string>>;
  status: string;
  /** The state of each alarm. */
  alarms: Record<string, string>;
  concurrency: number;
  /** The events of each log group, by its name. */
  logs: Record<string, LogEvent[]>;
  /** How many requests to read logs are refused because there were too many. */
  throttles: number;
  /** Whether it refuses everything, as a role without rights is. */
  denies: boolean;
  close(): Promise<void>;
}

/** What a function wrote. */
export interface LogEvent {
  /** Milliseconds since the epoch. */
  timestamp: number;
  message: string;
}

/** What the command line asks of CloudWatch Logs. */
interface LogsAsked {
  logGroupName: string;
  startTime: number;
  filterPattern: string;
  nextToken?: string;
}

/** Starts one on loopback that has no stacks and no alarms. */
export async function startAwsAccount(): Promise<AwsAccount> {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  const account: AwsAccount = {
    url: `http://127.0.0.1:${port}`,
    stacks: {},
    status: 'UPDATE_COMPLETE',
    alarms: {},
    concurrency: 1000,
    logs: {},
    throttles: 0,
    denies: false,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return account;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    if (request.url?.includes('/account-settings')) return json(response, lambda());
    const target = String(request.headers['x-amz-target']);
    if (target === 'Logs_20140328.FilterLogEvents') return cloudWatchLogs(response, JSON.parse(body) as LogsAsked);
    if (target !== 'undefined') return json(response, cloudWatch());
    const { status, xml } = cloudFormation(new URLSearchParams(body).get('StackName') ?? '');
    response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
  }

  function json(response: ServerResponse, value: unknown): void {
    const refusal = { __type: 'AccessDeniedException', message: 'not authorized to perform: it' };
    response
      .writeHead(account.denies ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' })
      .end(JSON.stringify(account.denies ? refusal : value));
  }

  function lambda() {
    return { AccountLimit: { ConcurrentExecutions: account.concurrency } };
  }

  function cloudWatch() {
    const alarms = Object.entries(account.alarms);
    return { MetricAlarms: alarms.map(([AlarmName, StateValue]) => ({ AlarmName, StateValue, ActionsEnabled: true })) };
  }

  function cloudWatchLogs(response: ServerResponse, asked: LogsAsked): void {
    const events = account.logs[asked.logGroupName];
    if (account.denies) return json(response, {});
    if (account.throttles > 0) {
      account.throttles -= 1;
      return refuse(response, 'ThrottlingException', 'Rate exceeded');
    }
    if (events === undefined) return refuse(response, 'ResourceNotFoundException', 'The log group does not exist.');
    json(response, pageOf(events, asked));
  }

  function cloudFormation(name: string): { status: number; xml: string } {
    const outputs = account.stacks[name];
    if (account.denies) return failure('AccessDenied', 'not authorized to perform: cloudformation:DescribeStacks');
    if (outputs === undefined) return failure('ValidationError', `Stack with id ${name} does not exist`);
    const members = Object.entries(outputs).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    );
    const stack = `<StackId>arn:aws:cloudformation:eu-west-3:123456789012:stack/${name}/1</StackId><StackName>${name}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>${account.status}</StackStatus><Outputs>${members.join('')}</Outputs>`;
    const xml = `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
    return { status: 200, xml };
  }
}

function refuse(response: ServerResponse, __type: string, message: string): void {
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ __type, message }));
}

/** One event at a time, and an empty page before each: the service promises neither full pages nor that an empty one is the last. */
function pageOf(all: readonly LogEvent[], { startTime, filterPattern, nextToken = '0' }: LogsAsked): object {
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

/** As much of the filter patterns as the command line writes: fields of a JSON object, compared with numbers and texts. */
function matches(pattern: string, message: string): boolean {
  const terms = /^\{ \((.*)\) \}$/.exec(pattern)?.[1]?.split(') && (') ?? [];
  return terms.every((term) => {
    const [, name = '', operator = '', wanted = ''] = /^\$\.(\w+) (>=|<=|=|!=) (\d+|"[^"]*")$/.exec(term) ?? [];
    const value = fieldOf(message, name);
    switch (operator) {
      case '>=':
        return typeof value === 'number' && value >= Number(wanted);
      case '<=':
        return typeof value === 'number' && value <= Number(wanted);
      case '=':
        return JSON.stringify(value) === wanted;
      case '!=':
        return value !== undefined && JSON.stringify(value) !== wanted;
      default:
        throw new Error(`no filter pattern of this project has ${term}`);
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

function failure(code: string, message: string): { status: number; xml: string } {
  return {
    status: 400,
    xml: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  };
}
