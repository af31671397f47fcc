import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { tableFullName } from '#lib/config/names.ts';
import { useDeployed, useLocal } from '#lib/config/process-env.ts';
import { makeAwsKey } from '#local/aws-key.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { fillTable } from './fill.ts';

// A process of its own: a DynamoDB on loopback whose table has so many partners and users. The arguments: a folder for it, how many partners, users
// and callers. It prints its address and the callers; a GET tells what it was asked since the last one.

const [, , folder = '', partners = '', users = '', callers = ''] = process.argv;
const environment = 'bench';

const aws = makeAwsKey();
const making = await startDynamoDb({ port: 0, accessKeyId: aws.accessKeyId, folder });
useLocal({ secretsManager: making.url, dynamodb: making.url, aws });
useDeployed(environment);
// It makes an AWS client, which takes its endpoint from the environment.
const { createTable } = await import('#local/table.ts');
await createTable();
await making.close();
const size = { partners: Number(partners), users: Number(users) };
const known = await fillTable(folder, tableFullName(environment), size, Number(callers));

const database = dynalite({ path: folder });
const asked: string[] = [];
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify(asked.splice(0)));
    return;
  }
  listenTo(request);
  database.emit('request', request, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, callers: known })}\n`);

/** Notes the kind of call and of item, `GetItem PARTNER` for example. */
function listenTo(request: IncomingMessage): void {
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString()));
  request.on('end', () => {
    const [, call] = String(request.headers['x-amz-target']).split('.');
    const [, kind] = /"pk":\{"S":"([A-Z_]+)#/.exec(text) ?? [];
    asked.push(`${call} ${kind}`);
  });
}
