import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

// The three functions of aws-lambda-ric's native client (`rapid-client.cc`), implemented with `node:http`.

const origin = `http://${process.env['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation`;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let posted: Promise<unknown> = Promise.resolve();

/** Returns the next invocation, after the last result was accepted. */
export async function next(): Promise<{ bodyJson: string; headers: IncomingHttpHeaders }> {
  await posted;
  return send('GET', '/next');
}

/** Posts a result. Unlike the native client, it waits for the response only before the next invocation. */
export function done(requestId: string, body: string): void {
  posted = send('POST', `/${requestId}/response`, body);
}

/** Posts an error. */
export function error(requestId: string, body: string): void {
  posted = send('POST', `/${requestId}/error`, body);
}

function send(method: string, path: string, body = ''): Promise<{ bodyJson: string; headers: IncomingHttpHeaders }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ bodyJson: string; headers: IncomingHttpHeaders }>();
  request(origin + path, { method, agent }, (response) => {
    text(response).then((bodyJson) => resolve({ bodyJson, headers: response.headers }), reject);
  })
    .on('error', reject)
    .end(body);
  return promise;
}
