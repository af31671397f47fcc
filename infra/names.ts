import { tableFullName } from '../lib/env.ts';

/** The name of something of an environment, `dev-gateway-watch` for example: whoever sees it knows whose it is. */
export const resourceName = (environment: string, name: string): string => `${tableFullName(environment)}-${name}`;

/** The file of a row's function, without its extension: `users-id-user-get` for `users_id_user_get`. */
export const functionName = (id: string): string => id.replaceAll('_', '-');
