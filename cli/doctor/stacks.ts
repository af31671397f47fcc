import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { tableFullName } from '#lib/config/names.ts';

/** A deployed stack. */
export interface DeployedStack {
  name: string;
  arn: string;
  /** CloudFormation's status, for example `UPDATE_COMPLETE`. */
  status: string;
  /** Milliseconds since the epoch. */
  deployedAt: number;
  outputs: Readonly<Record<string, string>>;
}

/** The two stacks of an environment; undefined if not deployed. */
export interface Stacks {
  foundation: DeployedStack | undefined;
  gateway: DeployedStack | undefined;
}

/** Options of the AWS clients: an attempt ends after three seconds, a call after two attempts. */
export const clientOptions = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
};

/** Reads the stacks of an environment. Throws CloudFormation's errors. */
export async function readStacks(environment: string): Promise<Stacks> {
  const client = new CloudFormationClient(clientOptions);
  const [foundation, gateway] = await Promise.all(
    ['foundation', 'gateway'].map((part) => readStack(client, `${tableFullName(environment)}-${part}`)),
  );
  return { foundation, gateway };
}

async function readStack(client: CloudFormationClient, name: string): Promise<DeployedStack | undefined> {
  try {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    if (stack === undefined) return undefined;
    const { StackId: arn = '', StackStatus: status = '', Outputs = [] } = stack;
    const deployedAt = (stack.LastUpdatedTime ?? stack.CreationTime)?.getTime() ?? 0;
    const outputs = Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
    return { name, arn, status, deployedAt, outputs };
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}
