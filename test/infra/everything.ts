import type { EnvironmentSettings } from '#infra/settings.ts';

/** An environment with every setting that there is. */
export const everything: EnvironmentSettings = {
  account: '123456789012',
  region: 'eu-west-3',
  production: true,
  budgeaUrl: 'https://everything.biapi.pro/2.0',
  manageScope: 'config',
  rotateManageTokenHours: 24,
  rotateSealingKeysDays: 7,
  certificateTypes: ['qwac'],
  fetchCertificatesHours: 1,
  allowAnonymousInit: true,
  apiPage: true,
  corsOrigins: ['https://app.example.com', 'https://localhost:8443'],
  domain: {
    name: 'gateway.example.com',
    certificateArn: 'arn:aws:acm:eu-west-3:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef',
    hostedZone: { id: 'Z0123456789', name: 'example.com' },
  },
  throttling: { requestsPerSecond: 30, burst: 60 },
  anonymousThrottling: { requestsPerSecond: 15, burst: 25 },
  memory: 320,
  functions: {
    auth_init_post: {
      memory: 1024,
      provisionedConcurrency: 2,
      reservedConcurrency: 20,
      throttling: { requestsPerSecond: 5, burst: 10 },
    },
    fetch_certificates: { memory: 256, reservedConcurrency: 1 },
  },
  logRetentionDays: 90,
  alarmEmail: 'alarms@example.com',
};
