import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** A function in a deployment. */
export interface DeployedFunction {
  name: string;
  /** The folder with its bundle. */
  folder: string;
  /** The timeout in milliseconds. */
  timeout: number;
  /** The environment variables, without Lambda's own. */
  variables: Readonly<Record<string, string>>;
}

/** A container of a function, which runs AWS's runtime client. */
export type Container = Awaited<ReturnType<typeof startContainer>>;

interface Invocation {
  event: unknown;
  settle: PromiseWithResolvers<unknown>;
}

const client = fileURLToPath(import.meta.resolve('aws-lambda-ric'));

/** Starts a server of the Runtime API, and Node with the function's bundle and variables only. */
export async function startContainer({ name, folder, timeout, variables }: DeployedFunction) {
  const waiting: Invocation[] = [];
  const running = new Map<string, Invocation>();
  let poll: ServerResponse | undefined;

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  const child = spawn(process.execPath, ['--import', import.meta.resolve('./preload.ts'), client], {
    cwd: folder,
    env: {
      ...variables,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: 'index.handler',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  void ended.then(() => failAll(new Error(`the container of ${name} ended: ${output.join('\n')}`)));
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => output.push(...chunk.split('\n')));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.replace('/2018-06-01/runtime/', '') ?? '';
    if (path === 'invocation/next') {
      poll = response;
      return deliver();
    }
    const body = await json(request).catch(() => undefined);
    response.writeHead(202).end();
    if (path === 'init/error') return failAll(new Error(JSON.stringify(body)));
    const [, id = '', kind] = path.split('/');
    const settle = running.get(id)?.settle;
    running.delete(id);
    if (kind === 'response') settle?.resolve(body);
    else settle?.reject(new Error(JSON.stringify(body)));
  }

  /** Delivers the next invocation; a container processes one at a time. */
  function deliver(): void {
    const next = poll && waiting.shift();
    if (poll === undefined || next === undefined) return;
    const id = randomUUID();
    running.set(id, next);
    poll.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeout),
      'lambda-runtime-invoked-function-arn': `arn:aws:lambda:eu-west-3:123456789012:function:${name}`,
      'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0',
    });
    poll.end(JSON.stringify(next.event));
    poll = undefined;
  }

  function failAll(reason: Error): void {
    for (const { settle } of [...waiting.splice(0), ...running.values()]) settle.reject(reason);
    running.clear();
  }

  return {
    /** Invokes the function and returns its result. Throws the error of the function or of its start. */
    invoke(event: unknown): Promise<unknown> {
      const settle = Promise.withResolvers<unknown>();
      if (child.exitCode !== null) settle.reject(new Error(`the container of ${name} ended: ${output.join('\n')}`));
      else waiting.push({ event, settle });
      deliver();
      return settle.promise;
    },
    /** Returns the log lines since the last time. */
    logs: () =>
      output
        .splice(0)
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async close() {
      child.kill();
      await ended;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
