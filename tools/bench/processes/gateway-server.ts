import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Handler } from '#lib/http/serve.ts';
import { newContext } from '#local/api-gateway/invoke.ts';

// A separate process: an HTTP server that converts each GET to an event and each result to a response, and nothing else that API Gateway does.
// Arguments: the bundle, the name of the function, its route, and its path parameters as JSON.

const [, , bundle = '', functionName = '', routeKey = '', parameters = '{}'] = process.argv;
const { handler } = (await import(bundle)) as { handler: Handler }; // Every function exports it.
const pathParameters = JSON.parse(parameters) as Record<string, string>; // The benchmark writes them.

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(500).end());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { statusCode = 500, headers = {}, body } = await handler(toEvent(request), newContext(functionName, 29_000));
  response.writeHead(statusCode, headers as Record<string, string>).end(body); // The gateway's headers are strings.
}

function toEvent({ method = '', url = '/', headers }: IncomingMessage): APIGatewayProxyEventV2 {
  const [path = '', queryString = ''] = url.split('?');
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: queryString,
    headers: headers as Record<string, string>, // The load repeats no header.
    pathParameters,
    isBase64Encoded: false,
    requestContext: {
      accountId: '123456789012',
      apiId: 'bench',
      domainName: 'gateway.example',
      domainPrefix: 'gateway',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: headers['user-agent'] ?? '' },
      requestId: 'bench',
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
  };
}
