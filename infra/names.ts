import { tableFullName } from '#lib/config/names.ts';

/** The name of something of an environment, `dev-gateway-watch` for example: whoever sees it knows whose it is. */
export const resourceName = (environment: string, name: string): string => `${tableFullName(environment)}-${name}`;
