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

/** Where the emulator answers, and who asks. */
export interface CloudOptions {
  emulator: string;
  secretsManager: string;
  account: string;
  region: string;
}

/** One resource of a stack, as CloudFormation made it. */
export interface MadeResource {
  logicalId: string;
  physicalId: string;
  type: string;
  isMade: boolean;
}

/** The calls to AWS that the rehearsal itself makes. Each throws its service's errors. */
export interface Cloud {
  /** The resources of a stack; none when there is no such stack. */
  resources(stack: string): Promise<MadeResource[]>;
  outputs(stack: string): Promise<Record<string, string>>;
  /** Why CloudFormation does not make a template's resources; undefined when it does. */
  refusal(template: object): Promise<string | undefined>;
  /** Invokes a function. Throws what the function failed with. */
  invoke(functionName: string, event: unknown): Promise<void>;
  /** Has a function invoked as a schedule does: its failures are repeated, and nobody is told. */
  invokeLater(functionName: string, event: unknown): Promise<void>;
  /** How many of a function may run at once; undefined: as many as the account has left. */
  limitConcurrency(functionName: string, atOnce: number | undefined): Promise<void>;
  /** Lets a bucket be used without TLS, which its policy forbids. */
  allowPlainHttp(bucket: string): Promise<void>;
  /** Has a secret rotated, or its rotation tried. */
  rotateSecret(request: RotateSecretRequest): Promise<void>;
  /** The version that has each label of a secret, by the emulator's own word. */
  labels(secret: string): Promise<Record<string, string>>;
  /** Lets a table be deleted. */
  unprotectTable(name: string): Promise<void>;
  /** Lets a stack be deleted. */
  unprotectStack(name: string): Promise<void>;
  /** Which of these are still there. */
  outliving(table: string, secrets: readonly string[]): Promise<string[]>;
}

/** Makes the clients. */
export function openCloud({ emulator, secretsManager, account, region }: CloudOptions): Cloud {
  const credentials = { accessKeyId: account, secretAccessKey: 'rehearsal' };
  const options = { endpoint: emulator, region, credentials };
  const cloudFormation = new CloudFormationClient(options);
  const lambda = new LambdaClient(options);
  const dynamodb = new DynamoDBClient(options);
  const rotating = new SecretsManagerClient({ ...options, endpoint: secretsManager });
  const emulated = new SecretsManagerClient(options);

  return {
    async resources(StackName) {
      const made: MadeResource[] = [];
      try {
        for await (const page of paginateListStackResources({ client: cloudFormation }, { StackName })) {
          for (const {
            LogicalResourceId,
            PhysicalResourceId,
            ResourceType,
            ResourceStatus,
          } of page.StackResourceSummaries ?? []) {
            made.push({
              logicalId: LogicalResourceId ?? '',
              physicalId: PhysicalResourceId ?? '',
              type: ResourceType ?? '',
              isMade: ResourceStatus === 'CREATE_COMPLETE',
            });
          }
        }
      } catch (error) {
        if (!(error instanceof Error && /does not exist/.test(error.message))) throw error;
      }
      return made;
    },

    async outputs(StackName) {
      const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
      return Object.fromEntries(
        (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
      );
    },

    async refusal(template) {
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

    async invoke(FunctionName, event) {
      const command = new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) });
      const { FunctionError, Payload = [] } = await lambda.send(command);
      if (FunctionError !== undefined) throw new Error(`${FunctionName} fails: ${Buffer.from(Payload).toString()}`);
    },

    async invokeLater(FunctionName, event) {
      const Payload = Buffer.from(JSON.stringify(event));
      await lambda.send(new InvokeCommand({ FunctionName, Payload, InvocationType: 'Event' }));
    },

    async limitConcurrency(FunctionName, atOnce) {
      if (atOnce === undefined) return void (await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName })));
      await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: atOnce }));
    },

    async allowPlainHttp(bucket) {
      // The emulator reads of the account's own signature who it is, and does not check it.
      const authorization = `AWS4-HMAC-SHA256 Credential=${account}/20260101/${region}/s3/aws4_request, SignedHeaders=host, Signature=0`;
      const answer = await fetch(`${emulator}/${bucket}?policy`, { method: 'DELETE', headers: { authorization } });
      if (!answer.ok) throw new Error(`the policy of ${bucket} stays: ${await answer.text()}`);
    },

    rotateSecret: async (request) => void (await rotating.send(new RotateSecretCommand(request))),

    async labels(SecretId) {
      const { VersionIdsToStages = {} } = await emulated.send(new DescribeSecretCommand({ SecretId }));
      const labels = Object.entries(VersionIdsToStages);
      return Object.fromEntries(labels.flatMap(([version, each]) => each.map((label) => [label, version])));
    },

    async unprotectStack(StackName) {
      const command = new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: false });
      await cloudFormation.send(command);
    },

    async outliving(table, secrets) {
      const tables = await isThere(dynamodb.send(new DescribeTableCommand({ TableName: table })));
      const kept = await Promise.all(
        secrets.map((SecretId) => isThere(emulated.send(new DescribeSecretCommand({ SecretId })))),
      );
      return [...(tables ? [table] : []), ...secrets.filter((_, index) => kept[index])];
    },

    async unprotectTable(TableName) {
      await dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    },
  };
}

async function isThere(description: Promise<unknown>): Promise<boolean> {
  try {
    await description;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return false;
    throw error;
  }
}
