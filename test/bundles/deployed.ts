import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunctions } from '#infra/bundle.ts';
import {
  forEachSecret,
  statementsFor,
  variablesFor,
  type FunctionConfig,
  type FunctionNeeds,
  type ResourceArns,
  type Statement,
} from '#infra/permissions.ts';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import { basePath, functionName, operations, type Operation, type SecretName } from '#lib/operations/table.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { pages, type Page } from '#lib/operations/routes.ts';
import { startApiGateway, type LambdaHandler } from '#local/api-gateway/server.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { loadRoutes } from '#local/routes.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';
import { requireDocumentedResponse } from '../documented.ts';
import { startGateway, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { startAws } from '../roles.ts';
import { startContainer, type Container, type DeployedFunction } from './runtime/runtime.ts';

/** Every function's bundle in a separate container, with the variables and permissions of a deployment, in front of the local stack. */
export type Deployed = Awaited<ReturnType<typeof deploy>>;

const region = 'eu-west-3';
const rows: Readonly<Record<string, FunctionNeeds>> = {
  ...Object.fromEntries(
    Object.entries<Operation | Page>({ ...operations, ...pages }).map(([id, { needs }]) => [functionName(id), needs]),
  ),
  ...Object.fromEntries(Object.entries(jobs).map(([id, row]) => [functionName(id), row])),
};

/** Builds all bundles and starts the servers. */
export async function deploy() {
  const folder = await mkdtemp(join(tmpdir(), 'bundles-'));
  const bundling = bundleFunctions(folder);
  const deployments = new Map<string, DeployedFunction>();
  const containers = new Map<string, Promise<Container>>();
  const started = new Map<string, Container>();
  const roles = new Map<string, readonly Statement[]>();
  const arns = new Map([[tableFullName('local'), 'table']]);
  let rotated = Promise.withResolvers<void>();

  const secretsManager = await startSecretsManager({ port: 0, accessKeyId: awsKey.accessKeyId, invoke: rotateStep });
  const dynamodb = await startDynamoDb({ port: 0, accessKeyId: awsKey.accessKeyId });
  const aws = await startAws({ secretsManager: secretsManager.url, dynamodb: dynamodb.url }, roles, (name) =>
    String(arns.get(name)),
  );
  const gateway = await startGateway({ awsEndpoint: aws.url });
  const { describeSecret } = await import('#lib/rotation/secret-versions.ts');
  for (const name of secretNames) {
    const fullName = secretFullName('local', name);
    arns.set(fullName, (await describeSecret(fullName)).arn);
  }

  const { resources, config } = deploymentOf(gateway, (name) => String(arns.get(secretFullName('local', name))));
  const bundles = await bundling;
  await Promise.all(
    Object.entries(rows).map(async ([name, row]) => {
      roles.set(name, statementsFor(row, resources));
      const variables = {
        ...(variablesFor(row, config) as Record<string, string>), // No value is undefined.
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: name,
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_SESSION_TOKEN: 'token',
        AWS_ENDPOINT_URL: aws.url,
      };
      deployments.set(name, { name, folder: join(folder, name), timeout: 29_000, variables });
    }),
  );
  const routes = (await loadRoutes()).map(({ method, path, functionName: name }) => ({
    method,
    path,
    functionName: name,
    handler: (async (event) => (await container(name)).invoke(event)) as LambdaHandler,
  }));
  const api = await startApiGateway({ port: 0, routes });

  return {
    bundles,
    /** The folder with the bundles. */
    folder,
    /** The local stack, in which tests prepare users, secrets and partners. */
    gateway,
    /** Calls the deployed gateway over HTTP, through API Gateway and the Runtime API. */
    async call(method: string, path: string, { headers = {}, body }: TestRequest = {}) {
      const sent = { method, headers, redirect: 'manual', ...(body !== undefined && { body }) } as const;
      const answer = await fetch(api.url + basePath + path, sent);
      await requireDocumentedResponse(method, path, answer.clone());
      return answer;
    },
    /** Invokes a scheduled function. */
    run: async (name: string) => (await container(name)).invoke({}),
    /** Rotates a secret through Secrets Manager, and resolves after the last step. */
    async rotate(secret: SecretName) {
      const { RotateSecretCommand } = await import('@aws-sdk/client-secrets-manager');
      const { secretsManager: client } = await import('#lib/aws/sdk-secrets-manager.ts');
      const [name] = Object.entries(rows).find(([, row]) => row.rotates === secret) ?? ['unknown'];
      rotated = Promise.withResolvers();
      await client.send(
        new RotateSecretCommand({
          SecretId: secretFullName('local', secret),
          RotationLambdaARN: `arn:aws:lambda:${region}:123456789012:function:${name}`,
          RotationRules: { ScheduleExpression: 'rate(4 hours)' },
        }),
      );
      await rotated.promise;
    },
    /** Returns a function's calls of AWS since the last time; those that its role denies begin with `denied`. */
    awsCalls: aws.calls,
    /** Returns a function's log lines since the last time. */
    logs: (name: string) => started.get(name)?.logs() ?? [],
    async close() {
      await api.close();
      await Promise.all([...started.values()].map((each) => each.close()));
      await gateway.close();
      await aws.close();
      await Promise.all([secretsManager.close(), dynamodb.close()]);
      await rm(folder, { recursive: true });
    },
  };

  /** Returns the function's container, which the first call starts. */
  function container(name: string): Promise<Container> {
    const existing = containers.get(name);
    if (existing !== undefined) return existing;
    const deployment = deployments.get(name);
    if (deployment === undefined) throw new Error(`there is no function ${name}`);
    const starting = startContainer(deployment).then((each) => {
      started.set(name, each);
      return each;
    });
    containers.set(name, starting);
    return starting;
  }

  async function rotateStep(functionArn: string, event: { Step: string }): Promise<void> {
    try {
      await (await container(functionArn.split(':').at(-1) ?? '')).invoke(event);
      if (event.Step === 'finishSecret') rotated.resolve();
    } catch (error) {
      rotated.reject(error);
      throw error;
    }
  }
}

/** The ARNs and the configuration that a deployment would have for the local stack. */
function deploymentOf(
  { file }: Gateway,
  arnOf: (name: SecretName) => string,
): { resources: ResourceArns; config: FunctionConfig } {
  const secrets = forEachSecret(arnOf);
  return {
    resources: { region, table: 'table', key: 'key', secrets },
    config: {
      environment: 'local',
      budgeaUrl: file.sandbox ?? '',
      tableName: tableFullName('local'),
      secretIds: secrets,
      settings: {
        GATEWAY_URL: file.gateway,
        CERTIFICATE_TYPES: file.certificate_types.join(','),
        ALLOW_ANONYMOUS_INIT: 'false',
        MANAGE_SCOPE: 'users',
        ROTATION_MINUTES: '240',
      },
    },
  };
}
