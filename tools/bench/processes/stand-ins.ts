import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { StandInData } from '../context.ts';

// A separate process: stand-ins for AWS and Budgea that answer from memory, so that the functions are measured and not the servers. The first
// argument is a file with their data. The process sends the addresses, and for each message the number of requests since the last one.

const [, , file = ''] = process.argv;
const data = JSON.parse(readFileSync(file, 'utf8')) as StandInData; // The benchmark writes it.
let requests = { aws: 0, upstream: 0 };
const [aws, upstream] = await Promise.all([listen(answerAsAws), listen(answerAsBudgea())]);
process.send?.({ aws, upstream });
process.on('message', () => {
  process.send?.({ requests });
  requests = { aws: 0, upstream: 0 };
});
process.on('disconnect', () => process.exit());

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer({ keepAliveTimeout: 60_000 }, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  return `http://127.0.0.1:${port}`;
}

/** Secrets Manager and DynamoDB, as far as the functions call them. Writes succeed and change nothing. */
function answerAsAws(...[request, response]: Parameters<RequestListener>): void {
  requests.aws += 1;
  json(request).then(
    (body) => {
      const found = awsResponse(String(request.headers['x-amz-target']), body as AwsRequest); // The functions send no others.
      const text = JSON.stringify(found ?? { __type: 'ResourceNotFoundException' });
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'content-length': Buffer.byteLength(text) };
      response.writeHead(found === undefined ? 400 : 200, headers).end(text);
    },
    () => response.destroy(),
  );
}

interface AwsRequest {
  SecretId?: string;
  Key?: { pk: { S: string } };
}

function awsResponse(target: string, { SecretId = '', Key }: AwsRequest): object | undefined {
  if (target.startsWith('DynamoDB_20120810.')) {
    const item = target.endsWith('.GetItem') ? data.items[Key?.pk.S ?? ''] : undefined;
    return item === undefined ? {} : { Item: item };
  }
  const text = target === 'secretsmanager.GetSecretValue' ? data.secrets[SecretId] : undefined;
  return text === undefined ? undefined : { Name: SecretId, SecretString: text, VersionStages: ['AWSCURRENT'] };
}

/** Budgea, by the recorded responses. */
function answerAsBudgea(): RequestListener {
  const responses = new Map<string, ReturnType<typeof budgeaResponse>>();
  return (request, response) => {
    requests.upstream += 1;
    request.resume();
    const call = `${request.method} ${request.url?.split('?', 1).join('')}`;
    const { status, headers, text } = responses.get(call) ?? budgeaResponse(call);
    responses.set(call, { status, headers, text });
    response.writeHead(status, headers).end(text);
  };
}

/** The recorded response of the same call, or else the first of the same operation, with the id of the path. */
function budgeaResponse(call: string): { status: number; headers: Record<string, string | number>; text: string } {
  const matches = data.responses.filter(({ pattern }) => new RegExp(pattern).test(call));
  const match = matches.find((each) => each.call === call) ?? matches[0];
  if (match === undefined) return { status: 404, headers: {}, text: '' };
  const { status, location, pattern } = match;
  const [recordedId, id] = [match.call, call].map((each) => new RegExp(pattern).exec(each)?.[1]);
  const text = match.text.replaceAll(`"id":${recordedId}`, `"id":${id}`);
  const headers: Record<string, string | number> = {};
  if (location !== undefined) headers['location'] = location;
  if (text !== '')
    Object.assign(headers, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  return { status, headers, text };
}
