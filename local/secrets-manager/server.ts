import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { readBody } from '../api-gateway/request.ts';
import { credentialError } from '../aws-key.ts';
import { listen, requireLoopback, type RunningServer } from '../loopback.ts';
import { openStore } from '../store.ts';
import { internalError, ServiceError } from './errors.ts';
import { type Call, type Service, type ServiceOptions, openService } from './service.ts';

/** The settings of the local Secrets Manager. */
export interface SecretsManagerOptions extends ServiceOptions {
  /** 0 selects a free port. */
  port: number;
  /** The id of the only access key that it accepts. */
  accessKeyId: string;
  /** The folder of the state, which is only in memory by default. */
  folder?: string;
  /** How often to start due rotations; by default only `runDueRotations` does. */
  scheduleIntervalMs?: number;
}

/** A running Secrets Manager. */
export interface RunningSecretsManager extends RunningServer {
  /** Starts every rotation that is due or was interrupted by a stop; resolves when all rotations have ended. */
  runDueRotations(): Promise<void>;
}

const MEDIA_TYPE = 'application/x-amz-json-1.1';

/** The largest value as JSON escapes, and the other members. */
const MAX_BODY = 1_048_576;

/** Starts a Secrets Manager on the loopback interface. Rejects with EADDRINUSE when the port is in use. */
export async function startSecretsManager(options: SecretsManagerOptions): Promise<RunningSecretsManager> {
  const ready = Promise.withResolvers<Service>();
  const server = createServer((request, response) => {
    void ready.promise.then((service) =>
      respond(response, async () => service.perform(await readCall(request, options.accessKeyId))),
    );
  });
  requireLoopback(server, (message) => ({
    type: MEDIA_TYPE,
    body: JSON.stringify({ __type: 'AccessDeniedException', Message: message }),
  }));
  // Longer than a client keeps an idle connection: it never sends on a connection that is closing.
  server.keepAliveTimeout = 60_000;

  // The port before the folder: a second server then reports the port.
  const { url, port } = await listen(server, options.port);
  const store = await openStore(options.folder).catch(async (error: unknown) => {
    await stop(server);
    throw error;
  });
  const service = openService(options, store);
  ready.resolve(service);

  const runDueRotations = () => service.runDueRotations();
  const { scheduleIntervalMs: interval } = options;
  const schedule = interval === undefined ? undefined : setInterval(() => void runDueRotations(), interval).unref();
  return {
    url,
    port,
    runDueRotations,
    async close() {
      clearInterval(schedule);
      await stop(server);
      await service.close();
    },
  };
}

/** Reads a call of the AWS JSON 1.1 protocol that names the access key, any if it is undefined. Throws ServiceError. */
export async function readCall(request: IncomingMessage, accessKeyId: string | undefined): Promise<Call> {
  const { authorization = '', 'x-amz-target': target } = request.headers;
  const error = accessKeyId === undefined ? undefined : credentialError(authorization, accessKeyId);
  if (error !== undefined) throw new ServiceError(error.type, error.message);
  const operation = /^secretsmanager\.(\w+)$/.exec(String(target))?.[1];
  if (request.method !== 'POST' || request.url !== '/' || operation === undefined) {
    throw new ServiceError('UnknownOperationException', 'The request names no operation of this service.');
  }
  const region = /Credential=[^/,\s]+\/\d+\/([a-z0-9-]+)\//.exec(authorization)?.[1] ?? 'us-east-1';
  const body = await readBody(request, MAX_BODY);
  if (body === undefined) throw new ServiceError('SerializationException', 'The request is too large.');
  try {
    return { operation, region, body: JSON.parse(body.toString()) };
  } catch {
    throw new ServiceError('SerializationException', 'The request is not JSON.');
  }
}

/** Sends the result of an operation, or its error. */
export async function respond(response: ServerResponse, perform: () => Promise<object>): Promise<void> {
  try {
    send(response, 200, await perform());
  } catch (error) {
    const { type, message } = error instanceof ServiceError ? error : internalError();
    send(response, type === 'InternalServiceError' ? 500 : 400, { __type: type, Message: message });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const headers = { 'content-type': MEDIA_TYPE, 'x-amzn-RequestId': randomUUID() };
  response.writeHead(status, headers).end(JSON.stringify(body));
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
