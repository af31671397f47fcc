import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { secretFullName, tableFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { partnersIndex, usersIndex } from '#lib/partners/directory.ts';
import { expiryAttribute } from '#lib/aws/table.ts';
import { removalPolicyOf } from '../constructs/retention.ts';
import { resourceName } from '../names.ts';
import { forEachSecret } from '../permissions.ts';
import type { Environment } from '../settings.ts';

const descriptions: Record<SecretName, string> = {
  'client-credentials': 'Client id and secret of the Budgea contract; set them with the command line.',
  'admin-token': 'The admin manage token of the Budgea contract; set it with the command line.',
  'manage-token': 'The current manage JWT; its rotation creates it.',
  'sealing-keys': 'The keys that seal the state of a browser during a visit to a bank; their rotation creates them.',
};

/** The stack with data: the secrets and their key, the table, and the topic with its confirmed subscriptions. */
export class Foundation extends Stack {
  readonly key: kms.Key;
  readonly secrets: Readonly<Record<SecretName, secretsmanager.CfnSecret>>;
  readonly table: dynamodb.Table;
  readonly alarms: sns.Topic;

  constructor(scope: Construct, id: string, environment: Environment) {
    super(scope, id, {
      stackName: resourceName(environment.name, 'foundation'),
      description: `Secrets, table and alarm topic of the Budgea authentication gateway ${environment.name}`,
      terminationProtection: environment.production,
    });
    this.key = this.createKey(environment);
    this.secrets = forEachSecret((secret) => this.createSecret(secret, environment));
    this.table = this.createTable(environment);
    this.alarms = this.createTopic(environment);
  }

  /** The key policy trusts the account: the roles state who may use the key for which secret. */
  private createKey(environment: Environment): kms.Key {
    const key = new kms.Key(this, 'Key', {
      alias: resourceName(environment.name, 'key'),
      description: `Secrets and alarms of the Budgea authentication gateway ${environment.name}`,
      enableKeyRotation: true,
      removalPolicy: removalPolicyOf(environment),
    });
    key.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsReachTheEncryptedTopic',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: this.fromOwnAlarms(environment.name),
      }),
    );
    return key;
  }

  /** Creates a secret without a value, so that no function ever signs with a random one. */
  private createSecret(secret: SecretName, environment: Environment): secretsmanager.CfnSecret {
    const created = new secretsmanager.CfnSecret(this, `Secret-${secret}`, {
      name: secretFullName(environment.name, secret),
      description: descriptions[secret],
      kmsKeyId: this.key.keyArn,
    });
    created.applyRemovalPolicy(removalPolicyOf(environment));
    Validations.of(created).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'The gateway stack has the rotation schedules. The two secrets of the contract are issued by Budgea only.',
    });
    return created;
  }

  private createTable(environment: Environment): dynamodb.Table {
    const table = new dynamodb.Table(this, 'Table', {
      tableName: tableFullName(environment.name),
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: expiryAttribute,
      deletionProtection: true,
      removalPolicy: removalPolicyOf(environment),
    });
    for (const index of [partnersIndex, usersIndex]) {
      table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: { name: index.key, type: dynamodb.AttributeType.STRING },
        sortKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      });
    }
    return table;
  }

  private createTopic({ name, alarmEmail }: Environment): sns.Topic {
    const topic = new sns.Topic(this, 'Alarms', {
      topicName: resourceName(name, 'alarms'),
      displayName: `Budgea gateway ${name}`,
      masterKey: this.key,
      enforceSSL: true,
    });
    topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsPublish',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: this.fromOwnAlarms(name),
      }),
    );
    Validations.of(topic).acknowledge({
      id: 'Serverless-SNSRedrivePolicy',
      reason: 'Its subscriptions are mailboxes, and CloudWatch keeps the state and the history of every alarm.',
    });
    if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail));
    return topic;
  }

  private fromOwnAlarms(name: string): Record<string, Record<string, string>> {
    const alarms = this.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: resourceName(name, '*'),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return { StringEquals: { 'aws:SourceAccount': this.account }, ArnLike: { 'aws:SourceArn': alarms } };
  }
}
