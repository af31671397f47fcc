import { CfnResource, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Environment } from '#infra/environment.ts';
import { functionName } from '#lib/operations/table.ts';

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
export function groupsOf(settings: Environment): Group[] {
  const { domain, apiPage } = settings;
  return [
    ...always,
    { what: 'names that follow from its settings', why: taken, pins: ofSettings(settings) },
    { what: 'subscription', why: attached, pins: ofSubscription(settings) },
    ...(apiPage ? [ofApiPage] : []),
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
      gateway    AWS::Logs::LogGroup         adminjwtpostLog038C3D33         /aws/lambda/<env>-gateway-admin-jwt-post
      gateway    AWS::Logs::LogGroup         authinitpostLogA99B9ED1         /aws/lambda/<env>-gateway-auth-init-post
      gateway    AWS::Logs::LogGroup         authjwtpostLog8D313398          /aws/lambda/<env>-gateway-auth-jwt-post
      gateway    AWS::Logs::LogGroup         authtokenaccesspostLogA66B914C  /aws/lambda/<env>-gateway-auth-token-access-post
      gateway    AWS::Logs::LogGroup         authtokencodegetLogD9FEAE64     /aws/lambda/<env>-gateway-auth-token-code-get
      gateway    AWS::Logs::LogGroup         authtokendeleteLog4846352A      /aws/lambda/<env>-gateway-auth-token-delete
      gateway    AWS::Logs::LogGroup         certificatetypegetLog5516EFDD   /aws/lambda/<env>-gateway-certificate-type-get
      gateway    AWS::Logs::LogGroup         hashdeleteLogC1412C98           /aws/lambda/<env>-gateway-hash-delete
      gateway    AWS::Logs::LogGroup         usersidusergetLog377335CD       /aws/lambda/<env>-gateway-users-id-user-get
      gateway    AWS::Logs::LogGroup         usersiduserdeleteLogE2F30D2A    /aws/lambda/<env>-gateway-users-id-user-delete
      gateway    AWS::Logs::LogGroup         usersidusertokenpostLog03E9FAAB /aws/lambda/<env>-gateway-users-id-user-token-post
      gateway    AWS::Logs::LogGroup         webauthgetLog5D3DFF4E           /aws/lambda/<env>-gateway-webauth-get
      gateway    AWS::Logs::LogGroup         webauthcallbackgetLogA6C1740D   /aws/lambda/<env>-gateway-webauth-callback-get
      gateway    AWS::Logs::LogGroup         rotatemanagetokenLog94EA0AD6    /aws/lambda/<env>-gateway-rotate-manage-token
      gateway    AWS::Logs::LogGroup         rotatesealingkeyLog0EA217BB     /aws/lambda/<env>-gateway-rotate-sealing-key
      gateway    AWS::Logs::LogGroup         fetchcertificatesLogC7212BC6    /aws/lambda/<env>-gateway-fetch-certificates
      gateway    AWS::Logs::LogGroup         watchLogB4B19D9A                /aws/lambda/<env>-gateway-watch
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
      gateway    AWS::Lambda::Function         adminjwtpostFunction161711BC                <env>-gateway-admin-jwt-post
      gateway    AWS::Lambda::Function         authinitpostFunction2B804143                <env>-gateway-auth-init-post
      gateway    AWS::Lambda::Function         authjwtpostFunctionB263F613                 <env>-gateway-auth-jwt-post
      gateway    AWS::Lambda::Function         authtokenaccesspostFunctionBE848168         <env>-gateway-auth-token-access-post
      gateway    AWS::Lambda::Function         authtokencodegetFunction515BAC00            <env>-gateway-auth-token-code-get
      gateway    AWS::Lambda::Function         authtokendeleteFunction0A0CCCDA             <env>-gateway-auth-token-delete
      gateway    AWS::Lambda::Function         certificatetypegetFunctionF413C352          <env>-gateway-certificate-type-get
      gateway    AWS::Lambda::Function         hashdeleteFunction40C6D3F9                  <env>-gateway-hash-delete
      gateway    AWS::Lambda::Function         usersidusergetFunctionC4F7CCD8              <env>-gateway-users-id-user-get
      gateway    AWS::Lambda::Function         usersiduserdeleteFunction2C434222           <env>-gateway-users-id-user-delete
      gateway    AWS::Lambda::Function         usersidusertokenpostFunction5648FCCB        <env>-gateway-users-id-user-token-post
      gateway    AWS::Lambda::Function         webauthgetFunctionA7564A83                  <env>-gateway-webauth-get
      gateway    AWS::Lambda::Function         webauthcallbackgetFunctionD6492122          <env>-gateway-webauth-callback-get
      gateway    AWS::Lambda::Function         rotatemanagetokenFunction7F388505           <env>-gateway-rotate-manage-token
      gateway    AWS::Lambda::Function         rotatesealingkeyFunction2763DE6B            <env>-gateway-rotate-sealing-key
      gateway    AWS::Lambda::Function         fetchcertificatesFunction08183BFD           <env>-gateway-fetch-certificates
      gateway    AWS::Lambda::Function         watchFunction49604757                       <env>-gateway-watch
      gateway    AWS::Scheduler::ScheduleGroup SchedulesGroupC7F67308                      <env>-gateway-jobs
      gateway    AWS::Scheduler::Schedule      Schedulesfetchcertificatesschedule03835E86  <env>-gateway-fetch-certificates
      gateway    AWS::Scheduler::Schedule      Scheduleswatchschedule3E8D7EA7              <env>-gateway-watch
      gateway    AWS::ApiGatewayV2::Route      ApiadminjwtpostPOSTroute89066CA8            POST /2.0/admin/jwt
      gateway    AWS::ApiGatewayV2::Route      ApiauthinitpostPOSTroute15B89365            POST /2.0/auth/init
      gateway    AWS::ApiGatewayV2::Route      ApiauthjwtpostPOSTrouteB40E3DAA             POST /2.0/auth/jwt
      gateway    AWS::ApiGatewayV2::Route      ApiauthtokenaccesspostPOSTrouteC5BB4DAD     POST /2.0/auth/token/access
      gateway    AWS::ApiGatewayV2::Route      ApiauthtokencodegetGETroute99B3C939         GET /2.0/auth/token/code
      gateway    AWS::ApiGatewayV2::Route      ApiauthtokencodegetPOSTroute936F06FB        POST /2.0/auth/token/code
      gateway    AWS::ApiGatewayV2::Route      ApiauthtokendeleteDELETEroute05470AC4       DELETE /2.0/auth/token
      gateway    AWS::ApiGatewayV2::Route      ApicertificatetypegetGETroute719C0B46       GET /2.0/certificate/{type}
      gateway    AWS::ApiGatewayV2::Route      ApihashdeleteDELETErouteC64B284B            DELETE /2.0/hash
      gateway    AWS::ApiGatewayV2::Route      ApiusersidusergetGETroute66115F28           GET /2.0/users/{id_user}
      gateway    AWS::ApiGatewayV2::Route      ApiusersiduserdeleteDELETEroute82D6F846     DELETE /2.0/users/{id_user}
      gateway    AWS::ApiGatewayV2::Route      ApiusersidusertokenpostPOSTroute78816F80    POST /2.0/users/{id_user}/token
      gateway    AWS::ApiGatewayV2::Route      ApiwebauthgetGETroute13628E2C               GET /2.0/webauth
      gateway    AWS::ApiGatewayV2::Route      ApiwebauthcallbackgetGETroute00F70B36       GET /2.0/webauth/callback
      gateway    AWS::CloudWatch::Alarm        Alarmsfailingcalls60A3C3C1                  <env>-gateway-failing-calls
      gateway    AWS::CloudWatch::Alarm        Alarmsslowcalls4DFF77B2                     <env>-gateway-slow-calls
      gateway    AWS::CloudWatch::Alarm        Alarmsthrottledcalls6F24EC6E                <env>-gateway-throttled-calls
      gateway    AWS::CloudWatch::Alarm        Alarmscredentialrejected0D527D6F            <env>-gateway-credential-rejected
      gateway    AWS::CloudWatch::Alarm        Alarmsownershipconflict58DC8C5F             <env>-gateway-ownership-conflict
      gateway    AWS::CloudWatch::Alarm        Alarmsundofailed16CA46D1                    <env>-gateway-undo-failed
      gateway    AWS::CloudWatch::Alarm        AlarmsadminjwtpostthrottledB4992339         <env>-gateway-admin-jwt-post-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsauthinitpostthrottled184EA826         <env>-gateway-auth-init-post-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsauthjwtpostthrottled3B51DCDD          <env>-gateway-auth-jwt-post-throttled
      gateway    AWS::CloudWatch::Alarm        AlarmsauthtokenaccesspostthrottledCAC7BF40  <env>-gateway-auth-token-access-post-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsauthtokencodegetthrottled64084858     <env>-gateway-auth-token-code-get-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsauthtokendeletethrottled23E31FB4      <env>-gateway-auth-token-delete-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmscertificatetypegetthrottled5645B99B   <env>-gateway-certificate-type-get-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmshashdeletethrottled7D8F2753           <env>-gateway-hash-delete-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsusersidusergetthrottled823F8B55       <env>-gateway-users-id-user-get-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsusersiduserdeletethrottled7A8FB725    <env>-gateway-users-id-user-delete-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsusersidusertokenpostthrottled4CD9FF90 <env>-gateway-users-id-user-token-post-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmswebauthgetthrottled84A71DCF           <env>-gateway-webauth-get-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmswebauthcallbackgetthrottled5A2A0394   <env>-gateway-webauth-callback-get-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsrotatemanagetokenthrottled5F954E08    <env>-gateway-rotate-manage-token-throttled
      gateway    AWS::CloudWatch::Alarm        AlarmsrotatesealingkeythrottledE454F602     <env>-gateway-rotate-sealing-key-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsfetchcertificatesthrottled2A20ABFD    <env>-gateway-fetch-certificates-throttled
      gateway    AWS::CloudWatch::Alarm        AlarmswatchthrottledD0D08E57                <env>-gateway-watch-throttled
      gateway    AWS::CloudWatch::Alarm        Alarmsrotatemanagetokenfailing743C9C84      <env>-gateway-rotate-manage-token-failing
      gateway    AWS::CloudWatch::Alarm        Alarmsrotatesealingkeyfailing755560D1       <env>-gateway-rotate-sealing-key-failing
      gateway    AWS::CloudWatch::Alarm        Alarmsfetchcertificatesfailing3FBB8CEE      <env>-gateway-fetch-certificates-failing
      gateway    AWS::CloudWatch::Alarm        AlarmswatchfailingC52803E1                  <env>-gateway-watch-failing
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

const ofApiPage: Group = {
  what: 'names of the API page',
  why: taken,
  pins: list(`
    gateway AWS::ApiGatewayV2::Route Apiapipagegetdocsroute8FE04212         GET /docs
    gateway AWS::ApiGatewayV2::Route Apiapipagegetdocsscalarjsroute473D4915 GET /docs/scalar.js
    gateway AWS::ApiGatewayV2::Route Apiapipagegetopenapijsonroute1E5170BD  GET /openapi.json
    gateway AWS::Logs::LogGroup      apipagegetLog198BDA10                  /aws/lambda/<env>-gateway-api-page-get
    gateway AWS::Lambda::Function    apipagegetFunction51015536             <env>-gateway-api-page-get
    gateway AWS::CloudWatch::Alarm   AlarmsapipagegetthrottledABD9C920      <env>-gateway-api-page-get-throttled
  `),
};

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

function ofSettings({ certificateTypes, functions }: Environment): string[] {
  const warm = Object.entries(functions).filter(
    ([, own]) => 'provisionedConcurrency' in own && own.provisionedConcurrency !== undefined,
  );
  return [
    ...certificateTypes.map((type) => {
      const name = `certificate-${type}-stale`;
      return `gateway AWS::CloudWatch::Alarm ${logicalId('Alarms', name, 'Resource')} <env>-gateway-${name}`;
    }),
    ...warm.map(([id]) => {
      const alias = logicalId(functionName(id), 'Function', 'Aliaslive', 'Resource');
      return `gateway AWS::Lambda::Alias ${alias} live`;
    }),
  ];
}

function ofSubscription({ alarmEmail }: Environment): string[] {
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
