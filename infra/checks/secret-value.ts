import { CfnRotationSchedule, CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { resolved, type Rule } from './rule.ts';

/** No deployment gives a secret a value, and each is encrypted with a key of this account's own. */
export const SecretValue: Rule = {
  info: 'A deployment makes a value for the secret, or the secret has no key of its own account.',
  explanation:
    'A random value would be signed with at once; a value in a template can be read by whoever reads templates.',
  complies(resource) {
    if (resource instanceof CfnRotationSchedule)
      return resolved(resource, resource.rotateImmediatelyOnUpdate) === false;
    if (!(resource instanceof CfnSecret)) return undefined;
    const made = [resource.secretString, resource.generateSecretString].some(
      (value) => resolved(resource, value) !== undefined,
    );
    return !made && resolved(resource, resource.kmsKeyId) !== undefined;
  },
};
