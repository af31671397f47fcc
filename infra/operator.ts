import { secretNames } from '#lib/config/names.ts';
import { partnersIndex, usersIndex } from '#lib/partners/directory.ts';
import { itemStatements, secretStatements, type Reachable, type Statement } from './grants.ts';

/** ARNs of what the command line reaches beside secrets and table. */
export interface Deployment {
  rotationFunctions: readonly string[];
  /** With the `:*` that stands for a log's streams. */
  logGroups: readonly string[];
  stacks: readonly string[];
  /** All alarms of account and region: the service asks for no less of whoever lists them. */
  alarms: string;
}

/** The statements that let an operator run the command line. */
export function operatorStatements(reachable: Reachable, deployment: Deployment): Statement[] {
  return [
    ...items(reachable),
    ...secrets(reachable, deployment.rotationFunctions),
    { actions: ['cloudformation:DescribeStacks'], resources: deployment.stacks },
    { actions: ['cloudwatch:DescribeAlarms'], resources: [deployment.alarms] },
    { actions: ['lambda:GetAccountSettings'], resources: ['*'] },
    { actions: ['logs:FilterLogEvents'], resources: deployment.logGroups },
  ];
}

function items(reachable: Reachable): Statement[] {
  return [
    ...itemStatements(
      { PARTNER: ['get', 'put'], KEY_USE: ['get'], USER: ['get', 'put'], CERTIFICATE: ['get'] },
      reachable,
    ),
    {
      actions: ['dynamodb:Query'],
      resources: [partnersIndex, usersIndex].map((index) => `${reachable.table}/index/${index.name}`),
    },
  ];
}

function secrets(reachable: Reachable, rotationFunctions: readonly string[]): Statement[] {
  const set = ['client-credentials', 'admin-token', 'sealing-keys'] as const;
  const rotate = ['manage-token', 'sealing-keys'] as const;
  return [
    ...secretStatements(
      secretNames,
      ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'],
      [],
      reachable,
    ),
    ...secretStatements(set, ['secretsmanager:PutSecretValue'], ['kms:Decrypt', 'kms:GenerateDataKey'], reachable),
    ...secretStatements(
      rotate,
      ['secretsmanager:RotateSecret', 'secretsmanager:UpdateSecretVersionStage'],
      [],
      reachable,
    ),
    // Whoever starts a rotation has to be allowed to run its function, which refuses everything but a rotation's steps.
    { actions: ['lambda:InvokeFunction'], resources: rotationFunctions },
  ];
}
