import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Statement } from '#infra/permissions.ts';
import { withAwsKey } from './aws-key.ts';

/** The URLs of the services, which accept the tests' access key. */
export interface Services {
  secretsManager: string;
  dynamodb: string;
  /** All other services, which functions do not call. */
  account?: string;
}

/** AWS as a function sees it: the services, restricted to what its role allows. */
export interface Aws {
  /** Serves all services. */
  url: string;
  /** Returns the calls of a function since the last time, such as `dynamodb:GetItem PARTNER#…`. Denied calls start with `denied`. */
  calls: (name: string) => string[];
  close: () => Promise<void>;
}

/** The common fields of this project's DynamoDB calls. */
interface DynamoDbInput {
  TableName: string;
  IndexName?: string;
  Key?: { pk: { S: string } };
  Item?: { pk: { S: string } };
}

interface AwsCall {
  action: string;
  /** The ARN of the resource. */
  resource: string;
  /** The key of the item, if any. */
  leadingKey?: string | undefined;
}

/**
 * Starts AWS as functions see it. A function is identified by its access key id, which is its name, and restricted to its statements in `roles`.
 * Callers without a role, such as the tests, have all permissions. `arnOf` returns the ARN of a secret or a table.
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
      const earlier = calls.get(name) ?? [];
      calls.set(name, earlier.concat(`${allowed ? '' : 'denied '}${call.action} ${call.leadingKey ?? call.resource}`));
      if (!allowed) return deny(response);
    }
    const { secretsManager, dynamodb, account = '' } = services;
    const origins = new Map([
      ['secretsmanager', secretsManager],
      ['dynamodb', dynamodb],
    ]);
    const forwarded = await fetch((origins.get(service) ?? account) + request.url, {
      method: String(request.method),
      headers: forwardedHeaders(request),
      body: body === '' ? null : body,
    });
    const type = String(forwarded.headers.get('content-type'));
    response.writeHead(forwarded.status, { 'content-type': type }).end(await forwarded.text());
  }

  return {
    url: `http://127.0.0.1:${port}`,
    calls(name) {
      const recorded = calls.get(name) ?? [];
      calls.delete(name);
      return recorded;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function forwardedHeaders({ headers }: IncomingMessage): [string, string][] {
  const names = ['x-amz-date', 'x-amz-target', 'content-type'];
  const copied = names.flatMap((name): [string, string][] =>
    headers[name] === undefined ? [] : [[name, String(headers[name])]],
  );
  return [['authorization', withAwsKey(headers.authorization ?? '')], ...copied];
}

function deny(response: ServerResponse): void {
  const error = { __type: 'AccessDeniedException', Message: 'The role does not allow it.' };
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(error));
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
      throw new Error(`not supported: ${service}`);
  }
}

/** Returns the permissions that a call requires. Reading or writing a secret's value also uses its KMS key. */
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
      throw new Error(`not supported: ${operator}`);
  }
}
