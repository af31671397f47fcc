import { secretNames } from '#lib/config/names.ts';
import { partnersIndex, usersIndex } from '#lib/partners/directory.ts';
import { itemStatements, secretStatements, type ResourceArns, type Statement } from './permissions.ts';

/** ARNs that only the policy of operators names. */
export interface OperatorArns {
  rotationFunctions: readonly string[];
  /** With the suffix `:*`, which matches the log streams. */
  logGroups: readonly string[];
  stacks: readonly string[];
  /** All alarms of the account and region: `DescribeAlarms` supports no narrower resource. */
  alarms: string;
}

/** Returns the statements for the command line. They allow no value of a secret to be read. */
export function operatorStatements(arns: ResourceArns, operator: OperatorArns): Statement[] {
  const indexes = [partnersIndex, usersIndex].map(({ name }) => `${arns.table}/index/${name}`);
  const settable = ['client-credentials', 'admin-token', 'sealing-keys'] as const;
  const rotated = ['manage-token', 'sealing-keys'] as const;
  return [
    ...itemStatements({ PARTNER: ['get', 'put'], KEY_USE: ['get'], USER: ['get', 'put'], CERTIFICATE: ['get'] }, arns),
    { actions: ['dynamodb:Query'], resources: indexes },
    ...secretStatements(secretNames, ['DescribeSecret', 'ListSecretVersionIds'], [], arns),
    ...secretStatements(settable, ['PutSecretValue'], ['Decrypt', 'GenerateDataKey'], arns),
    ...secretStatements(rotated, ['RotateSecret', 'UpdateSecretVersionStage'], [], arns),
    // `RotateSecret` requires the permission to invoke the function, which rejects everything but rotation steps.
    { actions: ['lambda:InvokeFunction'], resources: operator.rotationFunctions },
    { actions: ['cloudformation:DescribeStacks'], resources: operator.stacks },
    { actions: ['cloudwatch:DescribeAlarms'], resources: [operator.alarms] },
    { actions: ['lambda:GetAccountSettings'], resources: ['*'] },
    { actions: ['logs:FilterLogEvents'], resources: operator.logGroups },
  ];
}
