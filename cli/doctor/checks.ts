import type { Check } from './check.ts';
import { accountCheck, alarmsCheck, concurrencyCheck, stacksCheck } from './checks/account.ts';
import { badKeyCheck, budgeaCheck, noCredentialsCheck } from './checks/calls.ts';
import { manageJwtCheck, rotationCheck, secretCheck } from './checks/secrets.ts';
import { certificatesCheck, partnersCheck, tableCheck } from './checks/table.ts';
import type { Context } from './context.ts';

/** Returns the checks of a gateway in the order of its setup; a local stack has no AWS account. */
export function checksOf({ isDeployed }: Context): Check[] {
  return [
    ...(isDeployed ? [accountCheck, stacksCheck, concurrencyCheck] : []),
    budgeaCheck,
    secretCheck('client-credentials'),
    secretCheck('admin-token'),
    secretCheck('manage-token'),
    manageJwtCheck,
    rotationCheck('manage-token'),
    secretCheck('sealing-keys'),
    rotationCheck('sealing-keys'),
    tableCheck,
    partnersCheck,
    certificatesCheck,
    noCredentialsCheck,
    badKeyCheck,
    ...(isDeployed ? [alarmsCheck] : []),
  ];
}
