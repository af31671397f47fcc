import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

/** What is in Secrets Manager, by name, and in the table, by key; items with DynamoDB's types. */
export interface Stored {
  secrets: Readonly<Record<string, string>>;
  items: Readonly<Record<string, object>>;
}

interface Asked {
  SecretId?: string;
  Key?: { pk: { S: string } };
}

/**
 * A server that is Secrets Manager and DynamoDB as far as the functions' calls go, from memory and as fast as it can: what is measured is the
 * functions. Writes succeed and change nothing.
 */
export function makeAws({ secrets, items }: Stored, count: () => void): Server {
  return createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    count();
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = (await json(request)) as Asked; // The functions ask for nothing else.
    const found = answerTo(String(request.headers['x-amz-target']), asked);
    const text = JSON.stringify(found ?? { __type: 'ResourceNotFoundException' });
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'content-length': Buffer.byteLength(text) };
    response.writeHead(found === undefined ? 400 : 200, headers).end(text);
  }

  function answerTo(target: string, { SecretId = '', Key }: Asked): object | undefined {
    if (target.startsWith('DynamoDB_20120810.')) {
      const item = target.endsWith('.GetItem') ? items[Key?.pk.S ?? ''] : undefined;
      return item === undefined ? {} : { Item: item };
    }
    const text = target === 'secretsmanager.GetSecretValue' ? secrets[SecretId] : undefined;
    return text === undefined ? undefined : { Name: SecretId, SecretString: text, VersionStages: ['AWSCURRENT'] };
  }
}
