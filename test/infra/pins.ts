import { CfnResource, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { EnvironmentSettings } from '#infra/settings.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { pages, routesOf } from '#lib/operations/routes.ts';
import { functionName, operations } from '#lib/operations/table.ts';

// Resources of deployed environments that a deployment must not replace. The CDK derives a logical id from the ids of a construct and its parents:
// files can move, but a construct with another id or another parent is another resource. Before a line is changed or removed here, the migration
// of deployed environments has to be planned; a new line is needed for each new resource.

/** Resources that must not be replaced, and what happens to a deployed environment otherwise. */
export interface Group {
  what: string;
  why: string;
  /**
   * Each is a stack, a type, a logical id and the names that the resource has in AWS, if any. `<env>`, `<region>` and `<domain>` stand for those
   * of the environment.
   */
  pins: readonly string[];
}

/** Types that can be replaced unless they have a fixed name: they keep nothing, and only their stack refers to them. */
export const replaceable = [
  'AWS::ApiGatewayV2::Integration',
  'AWS::IAM::Role',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Version',
  'AWS::Logs::MetricFilter',
];

/** Returns everything that is pinned in an environment with these settings. */
export function groupsOf(settings: EnvironmentSettings): Group[] {
  const { domain } = settings;
  return [
    ...always,
    { what: 'functions, their logs, alarms and routes', why: taken, pins: ofFunctions(settings) },
    { what: 'names that follow from its settings', why: taken, pins: ofSettings(settings) },
    { what: 'subscription', why: attached, pins: ofSubscription(settings) },
    ...(domain === undefined ? [] : [ofDomain]),
    ...(domain?.hostedZone === undefined ? [] : [ofHostedZone]),
  ].filter(({ pins }) => pins.length > 0);
}

const taken =
  'CloudFormation creates resources before it deletes any: with another logical id, the name is taken and the deployment fails.';
const attached =
  'It is a property of another resource: with another logical id, a deployment sets it again, then deletes the old one, which removes it.';

const always: Group[] = [
  {
    what: 'stacks',
    why: 'A stack with another name is a second stack: the names of its resources are taken, and the deployment fails.',
    pins: list(`
      foundation stack <env>-gateway-foundation
      gateway    stack <env>-gateway-gateway
    `),
  },
  {
    what: 'data',
    why: 'With another name, a deployment creates an empty resource in its place; with another logical id alone, it fails, as the name is taken.',
    pins: list(`
      foundation AWS::SecretsManager::Secret Secretclientcredentials         <env>/budgea/client-credentials
      foundation AWS::SecretsManager::Secret Secretadmintoken                <env>/budgea/admin-token
      foundation AWS::SecretsManager::Secret Secretmanagetoken               <env>/budgea/manage-token
      foundation AWS::SecretsManager::Secret Secretsealingkeys               <env>/gateway/sealing-keys
      foundation AWS::DynamoDB::Table        TableCD117FA1                   <env>-gateway partners users
      foundation AWS::SNS::Topic             Alarms04B5A0BF                  <env>-gateway-alarms
      gateway    AWS::SQS::Queue             SchedulesUndelivered227B55D0    <env>-gateway-undelivered-runs
      gateway    AWS::SQS::Queue             SchedulesFailed92023EAA         <env>-gateway-failed-runs
      gateway    AWS::Logs::LogGroup         ApiAccessLog713001CC            /aws/vendedlogs/<env>-gateway-access
    `),
  },
  {
    what: 'key',
    why: 'With another logical id, a deployment schedules the deletion of the key in use, without which the secrets cannot be read.',
    pins: list(`
      foundation AWS::KMS::Key Key961B73FD
    `),
  },
  {
    what: 'rotations',
    why: 'A rotation is a property of its secret: with another logical id, a deployment sets it again, then deletes the old one, which cancels it.',
    pins: list(`
      gateway AWS::SecretsManager::RotationSchedule RotationmanagetokenSchedule0F886E00
      gateway AWS::SecretsManager::RotationSchedule RotationsealingkeysSchedule56762421
    `),
  },
  {
    what: 'policies and destinations',
    why: attached,
    pins: list(`
      foundation AWS::SNS::TopicPolicy          AlarmsPolicy5C860CFE
      gateway    AWS::SQS::QueuePolicy          SchedulesUndeliveredPolicyA2CF6731
      gateway    AWS::SQS::QueuePolicy          SchedulesFailedPolicy81384D6E
      gateway    AWS::Lambda::EventInvokeConfig fetchcertificatesFunctionEventInvokeConfig421EFC4D
      gateway    AWS::Lambda::EventInvokeConfig watchFunctionEventInvokeConfig2FF6F13A
    `),
  },
  {
    what: 'address',
    why: 'Another API has another address: partners call this one, and Budgea redirects to it.',
    pins: list(`
      gateway AWS::ApiGatewayV2::Api   ApiF1A3B7F9      <env>-gateway-api
      gateway AWS::ApiGatewayV2::Stage ApiStageB35FBB6B $default
    `),
  },
  {
    what: 'names',
    why: taken,
    pins: list(`
      foundation AWS::KMS::Alias               KeyAlias910D852D                            alias/<env>-gateway-key
      gateway    AWS::Scheduler::ScheduleGroup SchedulesGroupC7F67308                      <env>-gateway-jobs
      gateway    AWS::Scheduler::Schedule      Schedulesfetchcertificatesschedule03835E86  <env>-gateway-fetch-certificates
      gateway    AWS::Scheduler::Schedule      Scheduleswatchschedule3E8D7EA7              <env>-gateway-watch
      gateway    AWS::CloudWatch::Alarm        Alarmsfailingcalls60A3C3C1                  <env>-gateway-failing-calls
      gateway    AWS::CloudWatch::Alarm        Alarmsslowcalls4DFF77B2                     <env>-gateway-slow-calls
      gateway    AWS::CloudWatch::Alarm        Alarmsthrottledcalls6F24EC6E                <env>-gateway-throttled-calls
      gateway    AWS::CloudWatch::Alarm        Alarmscredentialrejected0D527D6F            <env>-gateway-credential-rejected
      gateway    AWS::CloudWatch::Alarm        Alarmsownershipconflict58DC8C5F             <env>-gateway-ownership-conflict
      gateway    AWS::CloudWatch::Alarm        Alarmsundofailed16CA46D1                    <env>-gateway-undo-failed
      gateway    AWS::CloudWatch::Alarm        Alarmsunexpecteduser62EBBEF9                <env>-gateway-unexpected-user
      gateway    AWS::CloudWatch::Alarm        Alarmsmanagetokenoverdue72BB4B6F            <env>-gateway-manage-token-overdue
      gateway    AWS::CloudWatch::Alarm        Alarmssealingkeysoverdue95A2BA9B            <env>-gateway-sealing-keys-overdue
      gateway    AWS::CloudWatch::Alarm        AlarmsmanagetokenexpiringA0139432           <env>-gateway-manage-token-expiring
      gateway    AWS::CloudWatch::Alarm        Alarmsundeliveredruns3F42396B               <env>-gateway-undelivered-runs
      gateway    AWS::CloudWatch::Alarm        Alarmsfailedruns9E6129A6                    <env>-gateway-failed-runs
      gateway    AWS::CloudWatch::Dashboard    Dashboard7A714131                           <env>-gateway-overview
      gateway    AWS::IAM::ManagedPolicy       OperatorsPolicy0178DE48                     <env>-gateway-operator-<region>
    `),
  },
  {
    what: 'outputs',
    why: 'The command line and operators read them by these names.',
    pins: list(`
      gateway output OperatorPolicy
      gateway output GatewayUrl
      gateway output CallbackUrl
    `),
  },
  {
    what: 'exports',
    why: 'CloudFormation refuses to remove an export while the other stack imports it, and the deployment fails.',
    pins: list(`
      foundation output ExportsOutputRefSecretadmintoken141E5335        <env>-gateway-foundation:ExportsOutputRefSecretadmintoken141E5335
      foundation output ExportsOutputFnGetAttKey961B73FDArn5A860C43     <env>-gateway-foundation:ExportsOutputFnGetAttKey961B73FDArn5A860C43
      foundation output ExportsOutputFnGetAttTableCD117FA1ArnE2C8C204   <env>-gateway-foundation:ExportsOutputFnGetAttTableCD117FA1ArnE2C8C204
      foundation output ExportsOutputRefSecretclientcredentials2EB03A19 <env>-gateway-foundation:ExportsOutputRefSecretclientcredentials2EB03A19
      foundation output ExportsOutputRefSecretmanagetoken8F3A600A       <env>-gateway-foundation:ExportsOutputRefSecretmanagetoken8F3A600A
      foundation output ExportsOutputRefSecretsealingkeys7E98F28A       <env>-gateway-foundation:ExportsOutputRefSecretsealingkeys7E98F28A
      foundation output ExportsOutputRefAlarms04B5A0BF701FB519          <env>-gateway-foundation:ExportsOutputRefAlarms04B5A0BF701FB519
    `),
  },
];

/** The functions of an environment: their names and routes follow from the tables of operations, pages and jobs. */
function ofFunctions({ apiPage }: EnvironmentSettings): string[] {
  const called = { ...operations, ...(apiPage ? pages : {}) };
  return [
    ...Object.keys({ ...called, ...jobs }).flatMap((id) => [
      `AWS::Lambda::Function ${logicalId(functionName(id), 'Function', 'Resource')} <env>-gateway-${functionName(id)}`,
      `AWS::Logs::LogGroup ${logicalId(functionName(id), 'Log', 'Resource')} /aws/lambda/<env>-gateway-${functionName(id)}`,
      alarm(`${functionName(id)}-throttled`),
    ]),
    ...Object.keys(jobs).map((id) => alarm(`${functionName(id)}-failing`)),
    ...Object.entries(called).flatMap(([id, row]) =>
      routesOf(row).map(({ method, path, name }) => {
        return `AWS::ApiGatewayV2::Route ${logicalId('Api', `${functionName(id)}-${name}-route`)} ${method} ${path}`;
      }),
    ),
  ].map((pin) => `gateway ${pin}`);
}

function alarm(name: string): string {
  return `AWS::CloudWatch::Alarm ${logicalId('Alarms', name, 'Resource')} <env>-gateway-${name}`;
}

const ofDomain: Group = {
  what: 'domain',
  why: 'Partners call it: with another logical id, the name is taken and the deployment fails.',
  pins: list(`
    gateway AWS::ApiGatewayV2::DomainName ApiDomainBBE0B8D4        <domain>
    gateway AWS::ApiGatewayV2::ApiMapping ApiDomainMappingD61F99C2
    gateway output                        DomainTarget
  `),
};

const ofHostedZone: Group = {
  what: 'records of the domain',
  why: taken,
  pins: list(`
    gateway AWS::Route53::RecordSet ApiDomainRecordACB19A417    <domain>
    gateway AWS::Route53::RecordSet ApiDomainRecordAAAA42F2E0C3 <domain>
  `),
};

function ofSettings({ certificateTypes, functions }: EnvironmentSettings): string[] {
  const warm = Object.entries(functions).filter(
    ([, own]) => 'provisionedConcurrency' in own && own.provisionedConcurrency !== undefined,
  );
  return [
    ...certificateTypes.map((type) => `gateway ${alarm(`certificate-${type}-stale`)}`),
    ...warm.map(([id]) => {
      const alias = logicalId(functionName(id), 'Function', 'Aliaslive', 'Resource');
      return `gateway AWS::Lambda::Alias ${alias} live`;
    }),
  ];
}

function ofSubscription({ alarmEmail }: EnvironmentSettings): string[] {
  if (alarmEmail === undefined) return [];
  return [`foundation AWS::SNS::Subscription ${logicalId('Alarms', alarmEmail, 'Resource')}`];
}

/** Returns the logical id that the CDK derives from a construct's path in its stack. */
function logicalId(...path: string[]): string {
  const stack = new Stack();
  const scope = path.slice(0, -1).reduce<Construct>((parent, id) => new Construct(parent, id), stack);
  return stack.getLogicalId(new CfnResource(scope, path.at(-1) ?? '', { type: 'AWS::Any::Type' }));
}

/** Splits a table into its lines, each without the spaces that align it. */
function list(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll(/ +/g, ' '));
}
