import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  paginateListStackResources,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteFunctionConcurrencyCommand,
  InvokeCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import {
  DescribeSecretCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  type RotateSecretRequest,
} from '@aws-sdk/client-secrets-manager';
import { ownerOf, type Addresses, type Credentials } from './account.ts';

/** A resource of a stack, as CloudFormation reports it. */
export interface CreatedResource {
  logicalId: string;
  physicalId: string;
  isComplete: boolean;
}

/** The AWS calls of the rehearsal itself. */
export type Cloud = ReturnType<typeof openCloud>;

/** Opens the clients. Every method throws the errors of its service. */
export function openCloud({ emulator, secretsManager, account, region }: Addresses) {
  const options = { endpoint: emulator, region, credentials: ownerOf(account) };
  const cloudFormation = new CloudFormationClient(options);
  const lambda = new LambdaClient(options);
  const dynamodb = new DynamoDBClient(options);
  const secrets = new SecretsManagerClient({ ...options, endpoint: secretsManager });
  const emulatedSecrets = new SecretsManagerClient(options);

  /** Calls the emulator's API without an SDK; it reads the account from the signature, which it does not check. */
  async function call(service: 'iam' | 'sts' | 's3', path: string, init: RequestInit): Promise<string> {
    const authorization = `AWS4-HMAC-SHA256 Credential=${account}/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
    const response = await fetch(emulator + path, { ...init, headers: { authorization } });
    const xml = await response.text();
    if (!response.ok) throw new Error(`${service} returns ${response.status}: ${textOf(xml, 'Message')}`);
    return xml;
  }
  const query = (service: 'iam' | 'sts', fields: Record<string, string>) =>
    call(service, '/', { method: 'POST', body: new URLSearchParams(fields) });

  return {
    /** The resources of a stack; empty when the stack does not exist. */
    async resources(StackName: string): Promise<CreatedResource[]> {
      const resources: CreatedResource[] = [];
      try {
        for await (const page of paginateListStackResources({ client: cloudFormation }, { StackName })) {
          for (const { LogicalResourceId, PhysicalResourceId, ResourceStatus } of page.StackResourceSummaries ?? []) {
            resources.push({
              logicalId: LogicalResourceId ?? '',
              physicalId: PhysicalResourceId ?? '',
              isComplete: ResourceStatus === 'CREATE_COMPLETE',
            });
          }
        }
      } catch (error) {
        if (!(error instanceof Error && /does not exist/.test(error.message))) throw error;
      }
      return resources;
    },

    /** The outputs of a stack. */
    async outputs(StackName: string): Promise<Record<string, string>> {
      const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
      return Object.fromEntries(
        (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
      );
    },

    /** Creates a stack from a template and deletes it; returns the reason when CloudFormation does not create it. */
    async failureOf(template: object): Promise<string | undefined> {
      const StackName = 'probe';
      try {
        await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(template) }));
        const { StackEvents = [] } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName }));
        return StackEvents.find(({ ResourceStatus }) => ResourceStatus === 'CREATE_FAILED')?.ResourceStatusReason;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      } finally {
        await cloudFormation.send(new DeleteStackCommand({ StackName }));
      }
    },

    /** Invokes a function. Throws the function's error. */
    async invoke(FunctionName: string, event: unknown): Promise<void> {
      const command = new InvokeCommand({ FunctionName, Payload: payloadOf(event) });
      const { FunctionError, Payload = [] } = await lambda.send(command);
      if (FunctionError !== undefined) throw new Error(`${FunctionName} fails: ${Buffer.from(Payload).toString()}`);
    },

    /** Invokes a function as a schedule does: Lambda repeats a failed run. */
    async invokeAsync(FunctionName: string, event: unknown): Promise<void> {
      await lambda.send(new InvokeCommand({ FunctionName, Payload: payloadOf(event), InvocationType: 'Event' }));
    },

    /** Reserves a function's concurrency, or removes the reservation. */
    async reserveConcurrency(FunctionName: string, executions: number | undefined): Promise<void> {
      if (executions === undefined) await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
      else
        await lambda.send(
          new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: executions }),
        );
    },

    /** Removes a bucket's policy, which denies requests without TLS. */
    async removeBucketPolicy(bucket: string): Promise<void> {
      await call('s3', `/${bucket}?policy`, { method: 'DELETE' });
    },

    /** Rotates a secret, or tests its rotation. */
    async rotateSecret(request: RotateSecretRequest): Promise<void> {
      await secrets.send(new RotateSecretCommand(request));
    },

    /** The version with each staging label of a secret. */
    async labels(SecretId: string): Promise<Record<string, string>> {
      const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId }));
      const labels = Object.entries(VersionIdsToStages);
      return Object.fromEntries(labels.flatMap(([version, stages]) => stages.map((stage) => [stage, version])));
    },

    /** Disables a stack's termination protection. */
    async unprotectStack(StackName: string): Promise<void> {
      const command = new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: false });
      await cloudFormation.send(command);
    },

    /** Disables a table's deletion protection. */
    async unprotectTable(TableName: string): Promise<void> {
      await dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    },

    /** Returns those of the table and the secrets that exist. */
    async existing(TableName: string, secretIds: readonly string[]): Promise<string[]> {
      const exist = await Promise.all([
        exists(dynamodb.send(new DescribeTableCommand({ TableName }))),
        ...secretIds.map((SecretId) => exists(emulatedSecrets.send(new DescribeSecretCommand({ SecretId })))),
      ]);
      return [TableName, ...secretIds].filter((_, index) => exist[index]);
    },

    /** Creates a user with one managed policy. */
    async createUser(UserName: string, PolicyArn: string): Promise<Credentials> {
      await query('iam', { Action: 'CreateUser', UserName });
      await query('iam', { Action: 'AttachUserPolicy', UserName, PolicyArn });
      return credentialsIn(await query('iam', { Action: 'CreateAccessKey', UserName }));
    },

    /** Creates a user with the inline policy of a role that only an AWS service can assume. */
    async createUserLike(role: string, PolicyName: string): Promise<Credentials> {
      const policy = await query('iam', { Action: 'GetRolePolicy', RoleName: role, PolicyName });
      const PolicyDocument = decodeURIComponent(textOf(policy, 'PolicyDocument'));
      await query('iam', { Action: 'CreateUser', UserName: role });
      await query('iam', { Action: 'PutUserPolicy', UserName: role, PolicyName, PolicyDocument });
      return credentialsIn(await query('iam', { Action: 'CreateAccessKey', UserName: role }));
    },

    /** Assumes the role of a function. */
    async assumeRole(name: string): Promise<Credentials> {
      const RoleArn = `arn:aws:iam::${account}:role/${name}`;
      const xml = await query('sts', { Action: 'AssumeRole', RoleArn, RoleSessionName: 'rehearsal' });
      return { ...credentialsIn(xml), sessionToken: textOf(xml, 'SessionToken') };
    },
  };
}

const payloadOf = (event: unknown) => Buffer.from(JSON.stringify(event));

async function exists(description: Promise<unknown>): Promise<boolean> {
  try {
    await description;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return false;
    throw error;
  }
}

function credentialsIn(xml: string): Credentials {
  return { accessKeyId: textOf(xml, 'AccessKeyId'), secretAccessKey: textOf(xml, 'SecretAccessKey') };
}

function textOf(xml: string, tag: string): string {
  return new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1] ?? '';
}
