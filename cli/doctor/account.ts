import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, paginateDescribeAlarms, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { tableFullName } from '#lib/config/names.ts';
import { once } from './once.ts';

/** A deployed stack. */
export interface DeployedStack {
  name: string;
  arn: string;
  /** CloudFormation's word, `UPDATE_COMPLETE` for example. */
  status: string;
  /** Milliseconds since the epoch. */
  deployedAt: number;
  outputs: Readonly<Record<string, string>>;
}

/** An environment's two stacks; undefined where there is none. */
interface Stacks {
  foundation: DeployedStack | undefined;
  gateway: DeployedStack | undefined;
}

/** The AWS account that an environment is deployed to. Each question throws its service's errors. */
export interface Account {
  region(): Promise<string>;
  stacks: () => Promise<Stacks>;
  /** How many functions may run at once in the account and region. */
  concurrency(): Promise<number | undefined>;
  /** The environment's alarms. */
  alarms(): Promise<MetricAlarm[]>;
}

/** One attempt ends after three seconds, a call after two attempts. */
const patience = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
};

/** The account of the AWS credentials in use. */
export function openAccount(environment: string): Account {
  const prefix = tableFullName(environment);
  const cloudFormation = new CloudFormationClient(patience);
  return {
    region: () => cloudFormation.config.region(),
    stacks: once(async () => {
      const [foundation, gateway] = await Promise.all(
        ['foundation', 'gateway'].map((part) => describeStack(cloudFormation, `${prefix}-${part}`)),
      );
      return { foundation, gateway };
    }),
    async concurrency() {
      const { AccountLimit } = await new LambdaClient(patience).send(new GetAccountSettingsCommand({}));
      return AccountLimit?.ConcurrentExecutions;
    },
    async alarms() {
      const alarms: MetricAlarm[] = [];
      const client = new CloudWatchClient(patience);
      const pages = paginateDescribeAlarms({ client }, { AlarmNamePrefix: `${prefix}-`, AlarmTypes: ['MetricAlarm'] });
      for await (const { MetricAlarms = [] } of pages) alarms.push(...MetricAlarms);
      return alarms;
    },
  };
}

async function describeStack(client: CloudFormationClient, name: string): Promise<DeployedStack | undefined> {
  try {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    if (stack === undefined) return undefined;
    const {
      StackId: arn = '',
      StackStatus: status = '',
      CreationTime,
      LastUpdatedTime = CreationTime,
      Outputs = [],
    } = stack;
    const outputs = Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
    return { name, arn, status, deployedAt: LastUpdatedTime?.getTime() ?? 0, outputs };
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}
