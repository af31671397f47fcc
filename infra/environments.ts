import { validateEnvironments, type EnvironmentSettings } from './settings.ts';

// To add an environment, add it here and run `npm run deploy -- <name>`. `infra/settings.ts` describes the settings.

/** Default settings. */
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
} satisfies Partial<EnvironmentSettings>;

/** The environments. Account and region default to those of the AWS profile. */
export const environments = validateEnvironments({
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
