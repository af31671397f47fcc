import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Statement } from '#infra/permissions.ts';
import { withAwsKey } from './aws-key.ts';

/** Where the services themselves are; they accept the tests' access key. */
export interface Services {
  secretsManager: string;
  dynamodb: string;
  /** All others, which functions do not call. */
  account?: string;
}

/** What AWS is to a function: the services, behind what its role allows. */
export interface Aws {
  /** Serves all services. */
  url: string;
  /** The calls of a function since the last time, `dynamodb:GetItem PARTNER#…` for example; what was denied begins with `denied`. */
  calls: (name: string) => string[];
  close: () => Promise<void>;
}

/** What the calls of this project to DynamoDB have in common. */
interface DynamoDbInput {
  TableName: string;
  IndexName?: string;
  Key?: { pk: { S: string } };
  Item?: { pk: { S: string } };
}

interface AwsCall {
  action: string;
  /** The ARN that the call is about. */
  resource: string;
  /** Of an item, its key. */
  leadingKey?: string | undefined;
}

/**
 * Starts AWS as functions see it. A function is known by its access key id, which is its name, and may do what `roles` says; whoever has no role,
 * the tests themselves, may do everything. `arnOf` gives the ARN of a secret or a table by its name.
 */
export async function startAws(
  services: Services,
  roles: ReadonlyMap<string, readonly Statement[]>,
  arnOf: (name: string) => string,
): Promise<Aws> {
  const calls = new Map<string, string[]>();
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const [, name = '', service = ''] =
      /Credential=([\w-]+)\/\d+\/[\w-]+\/(\w+)/.exec(request.headers.authorization ?? '') ?? [];
    const role = roles.get(name);
    if (role !== undefined) {
      const call = readCall(service, request, body, arnOf);
      const allowed = neededFor(call).every((each) => role.some((statement) => allows(statement, each)));
      const known = calls.get(name) ?? [];
      calls.set(name, known.concat(`${allowed ? '' : 'denied '}${call.action} ${call.leadingKey ?? call.resource}`));
      if (!allowed) return deny(response);
    }
    const { secretsManager, dynamodb, account = '' } = services;
    const origins = new Map([
      ['secretsmanager', secretsManager],
      ['dynamodb', dynamodb],
    ]);
    const answer = await fetch((origins.get(service) ?? account) + request.url, {
      method: String(request.method),
      headers: passedOn(request),
      body: body === '' ? null : body,
    });
    const type = String(answer.headers.get('content-type'));
    response.writeHead(answer.status, { 'content-type': type }).end(await answer.text());
  }

  return {
    url: `http://127.0.0.1:${port}`,
    calls(name) {
      const made = calls.get(name) ?? [];
      calls.delete(name);
      return made;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function passedOn({ headers }: IncomingMessage): [string, string][] {
  const names = ['x-amz-date', 'x-amz-target', 'content-type'];
  const kept = names.flatMap((name): [string, string][] =>
    headers[name] === undefined ? [] : [[name, String(headers[name])]],
  );
  return [['authorization', withAwsKey(headers.authorization ?? '')], ...kept];
}

function deny(response: ServerResponse): void {
  const refusal = { __type: 'AccessDeniedException', Message: 'The role does not allow it.' };
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(refusal));
}

function readCall(
  service: string,
  { headers }: IncomingMessage,
  body: string,
  arnOf: (name: string) => string,
): AwsCall {
  const operation = String(headers['x-amz-target']).split('.').at(-1);
  switch (service) {
    case 'secretsmanager': {
      const { SecretId: id } = JSON.parse(body) as { SecretId: string };
      return { action: `${service}:${operation}`, resource: id.startsWith('arn:') ? id : arnOf(id) };
    }
    case 'dynamodb': {
      const { TableName, IndexName, Key, Item } = JSON.parse(body) as DynamoDbInput;
      const resource = arnOf(TableName) + (IndexName === undefined ? '' : `/index/${IndexName}`);
      return { action: `${service}:${operation}`, resource, leadingKey: (Key ?? Item)?.pk.S };
    }
    case 'cloudformation': {
      const form = new URLSearchParams(body);
      return { action: `${service}:${form.get('Action')}`, resource: arnOf(`${form.get('StackName')}`) };
    }
    case 'monitoring':
      return { action: `cloudwatch:${operation}`, resource: arnOf('alarms') };
    case 'lambda':
      return { action: 'lambda:GetAccountSettings', resource: '*' };
    case 'logs': {
      const { logGroupName } = JSON.parse(body) as { logGroupName: string };
      return { action: `${service}:${operation}`, resource: arnOf(logGroupName) };
    }
    default:
      throw new Error(`no policy of this project has ${service}`);
  }
}

/** Whoever reads or writes a secret's value uses the key that encrypts it. */
function neededFor(call: AwsCall): (AwsCall & { secret?: string })[] {
  const decrypt = { action: 'kms:Decrypt', resource: 'key', secret: call.resource };
  const encrypt = { ...decrypt, action: 'kms:GenerateDataKey' };
  if (call.action === 'secretsmanager:GetSecretValue') return [call, decrypt];
  if (call.action === 'secretsmanager:PutSecretValue') return [call, decrypt, encrypt];
  return [call];
}

function allows(
  { actions, resources, conditions = {} }: Statement,
  { action, resource, leadingKey, secret }: AwsCall & { secret?: string },
): boolean {
  if (!actions.includes(action) || !resources.includes(resource)) return false;
  const values: Record<string, string | undefined> = {
    'dynamodb:LeadingKeys': leadingKey,
    'kms:EncryptionContext:SecretARN': secret,
    'kms:ViaService': 'secretsmanager.eu-west-3.amazonaws.com',
  };
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holds(operator, values[key], [wanted].flat().map(String))),
  );
}

function holds(operator: string, value: string | undefined, wanted: readonly string[]): boolean {
  switch (operator) {
    case 'StringEquals':
      return value !== undefined && wanted.includes(value);
    case 'ForAllValues:StringLike':
      return value === undefined || wanted.some((pattern) => value.startsWith(pattern.replace(/\*$/, '')));
    case 'Null':
      return wanted.includes(String(value === undefined));
    default:
      throw new Error(`no policy of this project has ${operator}`);
  }
}
