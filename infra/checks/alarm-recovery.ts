import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { resolved, type Rule } from './rule.ts';

/** An alarm tells someone when it begins and when it is over, what is wrong, and what missing data means. */
export const AlarmRecovery: Rule = {
  info: 'The alarm does not tell when it begins, when it is over, what is wrong or what missing data means.',
  explanation: 'Whoever was woken wants to know why, and when to sleep again.',
  complies(resource) {
    if (!(resource instanceof CfnAlarm)) return undefined;
    const { alarmActions, okActions, alarmDescription, treatMissingData } = resource;
    return [alarmActions, okActions, alarmDescription, treatMissingData].every(
      (property) => resolved(resource, property) !== undefined,
    );
  },
};
