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
  /** Whether it refuses everything, as a role without rights is. */
  denies: boolean;
  close(): Promise<void>;
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
    if (request.headers['x-amz-target'] !== undefined) return json(response, cloudWatch());
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

function failure(code: string, message: string): { status: number; xml: string } {
  return {
    status: 400,
    xml: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  };
}
