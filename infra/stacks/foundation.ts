import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { secretFullName, secretNames, tableFullName } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import { partnersIndex, usersIndex } from '#lib/partners/directory.ts';
import { expiryAttribute } from '#lib/aws/table.ts';
import { afterDeletion } from '../constructs/retention.ts';
import type { Environment } from '../environment.ts';
import { resourceName } from '../names.ts';

const descriptions: Record<SecretName, string> = {
  'client-credentials': 'Client id and secret of the Budgea contract; set them with the command line.',
  'admin-token': 'The admin manage token of the Budgea contract; set it with the command line.',
  'manage-token': 'The manage JWT of the moment; its rotation makes it.',
  'sealing-keys': 'The keys that seal what a browser carries through a bank; their rotation makes them.',
};

/** What keeps data: the secrets and the key that encrypts them, the table, and the topic whose subscribers have confirmed. */
export class Foundation extends Stack {
  readonly key: kms.Key;
  readonly secrets: Readonly<Record<SecretName, secretsmanager.CfnSecret>>;
  readonly table: dynamodb.Table;
  readonly alarms: sns.Topic;

  constructor(scope: Construct, id: string, name: string, settings: Environment) {
    super(scope, id, {
      stackName: resourceName(name, 'foundation'),
      description: `Secrets, table and alarm topic of the Budgea authentication gateway ${name}`,
      terminationProtection: settings.production,
    });
    this.key = this.createKey(name, settings);
    this.secrets = Object.fromEntries(
      secretNames.map((secret) => [secret, this.createSecret(name, secret, settings)]),
    ) as Record<SecretName, secretsmanager.CfnSecret>; // Made of every name there is.
    this.table = this.createTable(name, settings);
    this.alarms = this.createTopic(name, settings);
  }

  /** Its policy trusts the account: who may use it, and for which secret, is said in the roles. */
  private createKey(name: string, settings: Environment): kms.Key {
    const key = new kms.Key(this, 'Key', {
      alias: resourceName(name, 'key'),
      description: `Secrets and alarms of the Budgea authentication gateway ${name}`,
      enableKeyRotation: true,
      removalPolicy: afterDeletion(settings),
    });
    key.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsReachTheEncryptedTopic',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: this.fromOwnAlarms(name),
      }),
    );
    return key;
  }

  /** Without a value: nothing random ever becomes current. */
  private createSecret(name: string, secret: SecretName, settings: Environment): secretsmanager.CfnSecret {
    const created = new secretsmanager.CfnSecret(this, `Secret-${secret}`, {
      name: secretFullName(name, secret),
      description: descriptions[secret],
      kmsKeyId: this.key.keyArn,
    });
    created.applyRemovalPolicy(afterDeletion(settings));
    Validations.of(created).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Rotation schedules are in the gateway’s stack, with their functions; Budgea alone issues the contract’s two secrets.',
    });
    return created;
  }

  private createTable(name: string, settings: Environment): dynamodb.Table {
    const table = new dynamodb.Table(this, 'Table', {
      tableName: tableFullName(name),
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: expiryAttribute,
      deletionProtection: true,
      removalPolicy: afterDeletion(settings),
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

  private createTopic(name: string, { alarmEmail }: Environment): sns.Topic {
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
      reason:
        'Its subscriptions are mailboxes. Nothing is lost with a mail: CloudWatch keeps every alarm’s state and history.',
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
