import { secretNames } from '../lib/env.ts';
import { partnersIndex, usersIndex } from '../lib/partners/directory.ts';
import { itemStatements, secretStatements, type Reachable, type Statement } from './grants.ts';

/** The statements that let an operator run the command line. */
export function operatorStatements(reachable: Reachable, rotationFunctions: readonly string[]): Statement[] {
  return [...partners(reachable), ...secrets(reachable, rotationFunctions)];
}

function partners(reachable: Reachable): Statement[] {
  return [
    ...itemStatements({ PARTNER: ['get', 'put'], KEY_USE: ['get'], USER: ['get', 'put'] }, reachable),
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
