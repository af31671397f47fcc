import { checkEnvironments, type Environment } from './environment.ts';

// To add an environment, add it here: `npm run deploy -- <its name>`. `infra/environment.ts` says what each setting may be.

/** What environments have in common unless they say otherwise. */
const common = {
  production: false,
  manageScope: 'users',
  rotateManageTokenHours: 4,
  rotateSealingKeysDays: 1,
  certificateTypes: ['qwac', 'qseal'],
  fetchCertificatesHours: 6,
  allowAnonymousInit: false,
  apiPage: false,
  corsOrigins: [],
  throttling: { requestsPerSecond: 20, burst: 40 },
  anonymousThrottling: { requestsPerSecond: 10, burst: 20 },
  memory: 512,
  functions: {},
  logRetentionDays: 30,
} satisfies Partial<Environment>;

/** The environments. Account and region are those of the command line's profile where they are not named. */
export const environments = checkEnvironments({
  dev: {
    ...common,
    budgeaUrl: 'https://example-dev.biapi.pro/2.0',
    apiPage: true,
    logRetentionDays: 7,
  },
  staging: {
    ...common,
    budgeaUrl: 'https://example-staging.biapi.pro/2.0',
  },
  prod: {
    ...common,
    production: true,
    budgeaUrl: 'https://example.biapi.pro/2.0',
    throttling: { requestsPerSecond: 100, burst: 200 },
    anonymousThrottling: { requestsPerSecond: 50, burst: 100 },
    logRetentionDays: 365,
    alarmEmail: 'gateway-alarms@example.com',
  },
});
