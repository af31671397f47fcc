import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, paginateDescribeAlarms, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { now } from '#lib/clock.ts';
import { tableFullName } from '#lib/config/names.ts';
import { awsErrorKind, describeError } from '../../describe-error.ts';
import { duration } from '../../format.ts';
import { isCredentialsError, ok, open, wrong, type Check } from '../check.ts';
import { clientOptions, type DeployedStack } from '../stacks.ts';

/** Checks that AWS accepts the credentials, and that account and region are those of the environment. */
export const accountCheck: Check = {
  name: 'AWS account',
  async run({ settings, stacks, target }) {
    const region = await new CloudFormationClient().config.region().catch(() => undefined);
    try {
      const { foundation, gateway } = await stacks();
      const id = (foundation ?? gateway)?.arn.split(':')[4];
      const expected = [
        ...(settings?.account !== undefined && id !== undefined && id !== settings.account ? [settings.account] : []),
        ...(settings?.region !== undefined && region !== settings.region ? [settings.region] : []),
      ];
      const actual = `${id === undefined ? 'AWS accepts these credentials' : `Account ${id}`}, region ${region}`;
      if (expected.length === 0) return ok(`${actual}.`);
      return wrong(
        `${actual}, but infra/environments.ts has ${expected.join(' and ')}. Set AWS_PROFILE or AWS_REGION.`,
      );
    } catch (error) {
      if (isCredentialsError(error)) return wrong(describeError(error, target));
      // A denied request proves that the credentials are valid.
      if (awsErrorKind(error) === 'denied') return ok(`AWS accepts these credentials, region ${region}.`);
      throw error;
    }
  },
};

/** Checks that both stacks are deployed and usable. */
export const stacksCheck: Check = {
  name: 'stacks',
  async run({ remedy, stacks }) {
    const { foundation, gateway } = await stacks();
    if (foundation === undefined && gateway === undefined) return wrong(`Nothing is deployed here. ${remedy}`);
    if (foundation === undefined || gateway === undefined) {
      return wrong(`Only the stack ${(foundation ?? gateway)?.name} is deployed. ${remedy}`);
    }
    const both = [foundation, gateway];
    const failed = both.filter(({ status }) => !usable.test(status));
    if (failed.length > 0)
      return wrong(`${failed.map(statusOf).join(', ')}: see its events in CloudFormation, then deploy again.`);
    const rolledBack = both.some(({ status }) => status === 'UPDATE_ROLLBACK_COMPLETE');
    const note = rolledBack ? ' The last deployment was rolled back: see the events in CloudFormation.' : '';
    const age = duration(now() - Math.max(foundation.deployedAt, gateway.deployedAt));
    return ok(`Both are deployed, most recently ${age} ago.${note}`);
  },
};

/** A stack also works after an update was rolled back. */
const usable = /^(?:CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE$/;

const statusOf = ({ name, status }: DeployedStack): string => `${name} is ${status}`;

/** New accounts have a limit of 10, others of 1,000. Source: AWS Lambda developer guide, “Lambda quotas”. */
const enoughForProduction = 100;

/** Checks the limit of concurrent executions, beyond which Lambda rejects calls. */
export const concurrencyCheck: Check = {
  name: 'concurrency',
  async run({ settings }) {
    const { AccountLimit } = await new LambdaClient(clientOptions).send(new GetAccountSettingsCommand({}));
    const limit = AccountLimit?.ConcurrentExecutions;
    if (limit === undefined) return open('Lambda does not report the limit of concurrent executions.');
    const text = `${limit} functions may run concurrently in this account and region`;
    if (limit >= enoughForProduction) return ok(`${text}.`);
    const increase = 'request an increase of “Concurrent executions” of AWS Lambda in Service Quotas';
    if (settings?.production === true) return wrong(`${text}, too few for production: ${increase}.`);
    return ok(`${text}, enough for a trial. Before production, ${increase}.`);
  },
};

/** Checks that the alarms exist, that they notify, and that none is firing. */
export const alarmsCheck: Check = {
  name: 'alarms',
  async run({ environment, remedy, settings }) {
    const all: MetricAlarm[] = [];
    const client = new CloudWatchClient(clientOptions);
    const prefix = `${tableFullName(environment)}-`;
    const pages = paginateDescribeAlarms({ client }, { AlarmNamePrefix: prefix, AlarmTypes: ['MetricAlarm'] });
    for await (const { MetricAlarms = [] } of pages) all.push(...MetricAlarms);
    if (all.length === 0) return wrong(`There are no alarms. ${remedy}`);
    const shortName = ({ AlarmName = '' }) => AlarmName.slice(prefix.length);
    const firing = all.filter(({ StateValue }) => StateValue === 'ALARM').map(shortName);
    if (firing.length > 0) {
      return wrong(
        `${firing.length} of ${all.length} are firing: ${firing.join(', ')}. docs/runbook.md has an entry for each.`,
      );
    }
    const disabled = all.filter(({ ActionsEnabled }) => ActionsEnabled === false).map(shortName);
    if (disabled.length > 0) return wrong(`The actions of ${disabled.join(', ')} are disabled: they notify no one.`);
    const hasNoRecipient = settings !== undefined && settings.alarmEmail === undefined;
    const note = hasNoRecipient ? ' They notify no one: infra/environments.ts has no alarmEmail.' : '';
    return ok(`${all.length} alarms, none is firing.${note}`);
  },
};
