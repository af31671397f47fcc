/** Where a local stack's AWS servers answer, as its `stack.json` says. */
export interface LocalAddresses {
  secretsManager: string;
  dynamodb: string;
}

/** Settings of the operator's own AWS account that would keep the SDK from the local servers. */
const inTheWay = [
  'AWS_PROFILE',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];

/** Points the AWS SDK and the gateway's own modules at a local stack, with the region and the credentials that the stack itself takes. */
export function useLocal({ secretsManager, dynamodb }: LocalAddresses): void {
  for (const name of inTheWay) delete process.env[name];
  process.env['AWS_REGION'] ??= 'eu-west-3';
  process.env['AWS_ACCESS_KEY_ID'] ??= 'local';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'local';
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = secretsManager;
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = dynamodb;
  useEnvironment('local');
}

/** Points the gateway's own modules at a deployed environment; the AWS SDK finds region and credentials by itself. */
export function useDeployed(environment: string): void {
  useEnvironment(environment);
}

function useEnvironment(environment: string): void {
  process.env['ENVIRONMENT'] = environment;
  process.env['TABLE_NAME'] = `${environment}-gateway`;
}
