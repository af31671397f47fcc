import { tableFullName } from '#lib/config/names.ts';

/** Returns the full name of a resource of an environment, `dev-gateway-watch` for example. */
export const resourceName = (environment: string, name: string): string => `${tableFullName(environment)}-${name}`;
