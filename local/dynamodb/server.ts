import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { ClassicLevel } from 'classic-level';
import dynalite from 'dynalite';
import { trackConnections } from '../api-gateway/connections.ts';
import { credentialError } from '../aws-key.ts';
import { checkFirst, listen, requireLoopback, type CheckResponse, type RunningServer } from '../loopback.ts';

/** The settings of the local DynamoDB. */
export interface DynamoDbOptions {
  /** 0 selects a free port. */
  port: number;
  /** The id of the only access key that it accepts. */
  accessKeyId: string;
  /** The folder of the state, which is created if missing; only in memory by default. */
  folder?: string;
  /** Called after each call that may have changed an item. */
  onWrite?: () => void;
}

/** Starts a DynamoDB whose tables are active immediately. Rejects when the port is in use or another process has the folder open. */
export async function startDynamoDb(options: DynamoDbOptions): Promise<RunningServer> {
  const { folder, accessKeyId, onWrite = () => {} } = options;
  if (folder !== undefined) await checkFolder(folder);
  const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0, ...(folder && { path: folder }) });
  const connections = trackConnections(server);
  server.on('request', (request, response) => {
    connections.hold(request.socket, response);
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    if (operation === 'CreateTable') answerWhenActive(request, response);
    if (/^(?:Put|Update|Delete)Item$/.test(operation)) response.once('finish', onWrite);
    // Dynalite adds CORS headers to the response of every request with an Origin.
    delete request.headers.origin;
    // Dynalite's own listener throws: a caller that disconnects during a request would end the process.
    request.removeAllListeners('error').on('error', () => response.destroy());
  });
  checkFirst(server, ({ headers }) => {
    const error = credentialError(headers.authorization, accessKeyId);
    return error && { status: 400, ...errorResponse(error.type, error.message) };
  });
  requireLoopback(server, (message) => errorResponse('AccessDeniedException', message));

  const address = await listen(server, options.port).catch(async (error: unknown) => {
    // Closing the server closes the database, but only a listening server can be closed.
    await listen(server, 0);
    await close();
    throw error;
  });
  try {
    await untilOpen(address.port, accessKeyId);
  } catch (error) {
    await close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return { ...address, close: () => (closing ??= close()) };

  function close(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.close((error) => (error ? reject(error) : resolve()));
    connections.drain();
    return promise;
  }
}

/** Returns an error in the service's protocol. */
function errorResponse(type: string, message: string): Omit<CheckResponse, 'status'> {
  const body = JSON.stringify({ __type: `com.amazon.coral.service#${type}`, message });
  return { type: 'application/x-amz-json-1.0', body };
}

/** Delays the response to CreateTable until the table is active. Dynalite responds first, and a fast client's next call would find no table. */
function answerWhenActive({ socket, headers }: IncomingMessage, response: ServerResponse): void {
  const { localPort = 0 } = socket;
  const end = response.end.bind(response);
  const endWhenActive = (body: string) => {
    const { TableDescription } = JSON.parse(body) as { TableDescription?: { TableName: string } };
    const finish = () => end(body);
    untilActive(localPort, headers.authorization, TableDescription?.TableName).then(finish, finish);
    return response;
  };
  response.end = endWhenActive as typeof response.end; // Dynalite always passes one string.
}

async function untilActive(port: number, authorization = '', TableName?: string): Promise<void> {
  if (TableName === undefined) return;
  for (let status: string | undefined = 'CREATING'; status === 'CREATING';) {
    const { body } = await call(port, authorization, 'DescribeTable', { TableName });
    status = (body as { Table?: { TableStatus: string } }).Table?.TableStatus;
  }
}

/** Opens the folder once and closes it again: Dynalite would accept calls without its database. */
async function checkFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const level = new ClassicLevel(folder);
  await level.open();
  await level.close();
}

/** Dynalite listens before its database is open: its first response proves that it has the folder. */
async function untilOpen(port: number, accessKeyId: string): Promise<void> {
  const scope = `${accessKeyId}/20260101/local/dynamodb/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  const { status } = await call(port, authorization, 'ListTables', {});
  if (status !== 200) throw new Error(`the local DynamoDB answered ${status} when it started`);
}

/** Calls an operation of the server on `port`. */
async function call(port: number, authorization: string, operation: string, input: object) {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    'x-amz-date': '20260101T000000Z',
    authorization,
  };
  const request = send({ host: '127.0.0.1', port, method: 'POST', agent: false, headers });
  request.end(JSON.stringify(input));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await json(response) };
}
