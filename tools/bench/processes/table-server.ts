import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { tableFullName } from '#lib/config/names.ts';
import { useDeployed, useLocal } from '#lib/config/process-env.ts';
import { makeAwsKey } from '#local/aws-key.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { fillTable } from '../parts/fill.ts';

// A separate process: a local DynamoDB with a filled table. Arguments: its folder, and the numbers of partners, users and callers. It prints its
// address and the callers; a GET returns the requests since the last one.

const [, , folder = '', partners = '', users = '', callers = ''] = process.argv;
const environment = 'bench';

const aws = makeAwsKey();
const empty = await startDynamoDb({ port: 0, accessKeyId: aws.accessKeyId, folder });
useLocal({ secretsManager: empty.url, dynamodb: empty.url, aws });
useDeployed(environment);
// This module makes an AWS client, which takes its endpoint from the environment.
const { createTable } = await import('#local/table.ts');
await createTable();
await empty.close();
const size = { partners: Number(partners), users: Number(users) };
const written = await fillTable(folder, tableFullName(environment), size, Number(callers));

const database = dynalite({ path: folder });
const requests: string[] = [];
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify(requests.splice(0)));
    return;
  }
  record(request);
  database.emit('request', request, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, callers: written })}\n`);

/** Records the kind of call and of item, `GetItem PARTNER` for example. */
function record(request: IncomingMessage): void {
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString()));
  request.on('end', () => {
    const [, call] = String(request.headers['x-amz-target']).split('.');
    const [, kind] = /"pk":\{"S":"([A-Z_]+)#/.exec(text) ?? [];
    requests.push(`${call} ${kind}`);
  });
}
