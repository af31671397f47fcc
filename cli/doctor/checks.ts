import type { Check } from './check.ts';
import { account } from './checks/account.ts';
import { alarms } from './checks/alarms.ts';
import { certificates } from './checks/certificates.ts';
import { concurrency } from './checks/concurrency.ts';
import { manageJwt } from './checks/manage-jwt.ts';
import { partners } from './checks/partners.ts';
import { badKey, noCredentials } from './checks/probes.ts';
import { rotation } from './checks/rotation.ts';
import { secret } from './checks/secret.ts';
import { stacks } from './checks/stacks.ts';
import { table } from './checks/table.ts';
import { upstream } from './checks/upstream.ts';
import type { Subject } from './subject.ts';

/** What is checked of a gateway, in the order in which one sets it up; a local stack has no account. */
export function checksOf({ account: deployed }: Subject): Check[] {
  return [
    ...(deployed === undefined ? [] : [account(deployed), stacks(deployed), concurrency(deployed)]),
    upstream,
    secret('client-credentials'),
    secret('admin-token'),
    secret('manage-token'),
    manageJwt,
    rotation('manage-token'),
    secret('sealing-keys'),
    rotation('sealing-keys'),
    table,
    partners,
    certificates,
    noCredentials,
    badKey,
    ...(deployed === undefined ? [] : [alarms(deployed)]),
  ];
}
