import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { request as send, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClassicLevel } from 'classic-level';
import dynalite from 'dynalite';
import { trackConnections } from '../api-gateway/connections.ts';
import { credentialError } from '../aws-key.ts';
import { checkFirst, requireLoopback, type Refusal } from '../loopback.ts';
import { answerWhenActive } from './active-tables.ts';

/** A DynamoDB that answers on loopback. */
export interface RunningDynamoDb {
  /** The origin, `http://127.0.0.1:PORT`. */
  url: string;
  port: number;
  /** Stops accepting calls, and resolves when those under way have ended and the folder is free again. */
  close(): Promise<void>;
}

/** How to run the local DynamoDB. */
export interface DynamoDbOptions {
  port: number;
  /** The id of the only access key that it accepts. */
  accessKeyId: string;
  folder?: string;
  /** Told when a call that may have changed an item was answered. */
  onWrite?: () => void;
}

/**
 * Starts a DynamoDB whose tables are there at once, kept in `folder` (made if it is missing) or in memory alone. Port 0
 * takes any free one. Rejects when the port is taken or another process has the folder open.
 */
export async function startDynamoDb(options: DynamoDbOptions): Promise<RunningDynamoDb> {
  const { folder, accessKeyId, onWrite = () => {} } = options;
  if (folder !== undefined) await checkFolder(folder);
  const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0, ...(folder && { path: folder }) });
  const connections = trackConnections(server);
  server.on('request', (request, response) => {
    connections.hold(request.socket, response);
    if (request.headers['x-amz-target'] === 'DynamoDB_20120810.CreateTable') answerWhenActive(request, response);
    if (isWrite(request)) response.once('finish', onWrite);
    // Dynalite lets every page read its answers: it adds CORS headers to each request with an Origin.
    delete request.headers.origin;
    // Its own listener throws, so that a caller who goes away in the middle of a request would end the process.
    request.removeAllListeners('error').on('error', () => response.destroy());
  });
  checkFirst(server, ({ headers }) => {
    const error = credentialError(headers.authorization, accessKeyId);
    return error && { status: 400, ...errorAnswer(error.type, error.message) };
  });
  requireLoopback(server, (message) => errorAnswer('AccessDeniedException', message));

  try {
    await listen(server, options.port);
  } catch (error) {
    // The database is closed with the server, and only one that listens can be closed.
    await listen(server, 0);
    await close();
    throw error;
  }
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  try {
    await untilOpen(port, accessKeyId);
  } catch (error) {
    await close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return { url: `http://127.0.0.1:${port}`, port, close: () => (closing ??= close()) };

  function close(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.close((error) => (error ? reject(error) : resolve()));
    connections.drain();
    return promise;
  }
}

/** An error in the protocol of the service. */
function errorAnswer(type: string, message: string): Omit<Refusal, 'status'> {
  const body = JSON.stringify({ __type: `com.amazon.coral.service#${type}`, message });
  return { type: 'application/x-amz-json-1.0', body };
}

function isWrite({ headers }: IncomingMessage): boolean {
  return /\.(?:Put|Update|Delete)Item$/.test(String(headers['x-amz-target']));
}

/** Opens the folder once and closes it again, because Dynalite would accept calls without its database. */
async function checkFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const level = new ClassicLevel(folder);
  await level.open();
  await level.close();
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

/** Dynalite opens its database while it listens already: its first answer is proof that the folder is its own. */
async function untilOpen(port: number, accessKeyId: string): Promise<void> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.ListTables',
    'x-amz-date': '20260101T000000Z',
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
  };
  const request = send({ host: '127.0.0.1', port, method: 'POST', agent: false, headers });
  request.end('{}');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await once(response.resume(), 'end');
  if (response.statusCode !== 200)
    throw new Error(`the local DynamoDB answered ${response.statusCode} when it started`);
}
