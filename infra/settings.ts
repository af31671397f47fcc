import * as v from 'valibot';
import { jobs, type JobId } from '#lib/operations/jobs.ts';
import { operations, type OperationId } from '#lib/operations/table.ts';
import { pages, type PageId } from '#lib/operations/routes.ts';

// The settings of an environment. Nothing here loads the CDK: the command line and the tools read the environments too.

/** Retention times that CloudWatch Logs accepts, in days. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const matching = (pattern: RegExp, expected: string) => v.pipe(v.string(), v.regex(pattern, `expected ${expected}`));
const between = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const positive = between(1, Infinity);
const hostName = matching(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'a host name in lower case');
const slug = matching(/^[a-z0-9]+([_-][a-z0-9]+)*$/i, 'letters and digits, joined by - or _');
const distinct = v.check((values: string[]) => new Set(values).size === values.length, 'expected distinct values');
const settings = <Entries extends v.ObjectEntries>(entries: Entries) => v.strictObject(entries, describeIssue);

function describeIssue({ expected }: v.StrictObjectIssue): string {
  if (expected === 'never') return 'unknown setting';
  return expected === 'Object' ? 'expected an object' : 'missing';
}

/** Limits of a route in API Gateway; the default quota of an account is 10,000 requests a second and bursts of 5,000. */
const throttling = settings({
  requestsPerSecond: between(1, 10_000),
  /** Concurrent requests above the steady rate. */
  burst: between(1, 5_000),
});

/** Memory of a function in MB. Lambda allocates CPU in proportion to it. */
const memory = between(128, 10_240);

const forFunction = settings({
  memory: v.optional(memory),
  /** Concurrency reserved for this function, which is also its limit. Lambda keeps 100 unreserved in each account; new accounts have 10 in total. */
  reservedConcurrency: v.optional(positive),
});

const forEndpoint = v.pipe(
  settings({
    ...forFunction.entries,
    /** Execution environments that are kept initialized and are billed by the hour. */
    provisionedConcurrency: v.optional(positive),
    throttling: v.optional(throttling),
  }),
  v.forward(
    v.check(
      ({ reservedConcurrency = Infinity, provisionedConcurrency = 0 }) => provisionedConcurrency <= reservedConcurrency,
      'expected at most the reserved concurrency',
    ),
    ['provisionedConcurrency'],
  ),
);

const domain = settings({
  name: hostName,
  /** A certificate for the name, in the region of the environment. */
  certificateArn: matching(
    /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/,
    'the ARN of an AWS Certificate Manager certificate',
  ),
  /** The Route 53 zone for the records of the name. Without it, point the name at the output `DomainTarget`. */
  hostedZone: v.optional(settings({ id: matching(/^Z[A-Z0-9]+$/, 'the id of a zone, with a Z'), name: hostName })),
});

const environmentSettings = v.pipe(
  settings({
    /** The account's 12 digits. Default: the account of the AWS profile. */
    account: v.optional(matching(/^\d{12}$/, '12 digits')),
    /** Default: the region of the AWS profile. */
    region: v.optional(matching(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as eu-west-3')),
    /** Enables termination protection, and retains data and logs when the stacks are deleted. */
    production: v.boolean(),

    /** The base URL of the Budgea API. */
    budgeaUrl: matching(/^https:\/\/[a-z0-9.-]+(:\d+)?\/2\.0$/, 'https://<domain>.biapi.pro/2.0'),
    /** The scope of the manage JWTs. */
    manageScope: matching(/^[\w.:/*-]{1,64}$/, 'a scope such as users'),
    /** Hours between two rotations of the manage JWT, which lives three times as long. The minimum of Secrets Manager is 4. */
    rotateManageTokenHours: between(4, 24),
    /** Days between two rotations of the keys that seal the browser's state. */
    rotateSealingKeysDays: between(1, 365),
    /** The certificate types that the gateway stores. */
    certificateTypes: v.pipe(v.array(slug), v.maxLength(20), distinct),
    fetchCertificatesHours: between(1, 168),
    /** Whether `POST /auth/init` creates temporary users for unauthenticated callers, as upstream does. */
    allowAnonymousInit: v.boolean(),
    /** Whether `/docs` and `/openapi.json` are public. */
    apiPage: v.boolean(),

    /** Origins whose pages may call the gateway from a browser. */
    corsOrigins: v.pipe(
      v.array(matching(/^https:\/\/[a-z0-9.-]+(:\d+)?$/, 'an origin such as https://app.example.com')),
      distinct,
    ),
    domain: v.optional(domain),
    /** The limits of each route; the settings of a function override them. */
    throttling,
    /** The limits of each route without credentials: `/webauth`, its callback and the API page. */
    anonymousThrottling: throttling,
    /** The memory of each function in MB; the settings of a function override it. */
    memory,
    /** Settings of single functions, by the ids of their rows. */
    functions: settings({
      ...v.entriesFromList(keysOf<OperationId | PageId>({ ...operations, ...pages }), v.optional(forEndpoint)),
      ...v.entriesFromList(keysOf<JobId>(jobs), v.optional(forFunction)),
    }),

    /** The retention of all logs. */
    logRetentionDays: v.picklist(retentions),
    /** The address that is notified of alarms and recoveries. */
    alarmEmail: v.optional(v.pipe(v.string(), v.email())),
  }),
  v.forward(
    v.check(
      ({ production, alarmEmail }) => !production || alarmEmail !== undefined,
      'required in a production environment',
    ),
    ['alarmEmail'],
  ),
);

/** The settings of an environment, as `infra/environments.ts` has them. */
export type EnvironmentSettings = v.InferInput<typeof environmentSettings>;

/** An environment: its settings and its name. */
export type Environment = EnvironmentSettings & { readonly name: string };

/** Thrown for invalid settings of environments. */
class InvalidSettings extends Error {
  override readonly name = 'InvalidSettings';
}

// The length leaves room for the longest function name; `local` is the stack on one machine.
const environmentName = matching(
  /^(?!local$)[a-z][a-z0-9-]{0,30}$/,
  'lower-case letters, digits and -, at most 31, and not local',
);

/** Returns the environments unchanged. Throws InvalidSettings, which names each invalid setting. */
export function validateEnvironments<Name extends string>(
  environments: Readonly<Record<Name, EnvironmentSettings>>,
): Readonly<Record<Name, EnvironmentSettings>> {
  const { issues } = v.safeParse(v.record(environmentName, environmentSettings), environments);
  if (issues === undefined) return environments;
  const lines = issues.map((issue) => `  ${v.getDotPath(issue)}: ${issue.message}`);
  throw new InvalidSettings(`infra/environments.ts has invalid settings:\n${lines.join('\n')}`);
}

function keysOf<Id extends string>(table: Readonly<Record<Id, unknown>>): Id[] {
  return Object.keys(table) as Id[]; // A table has the keys of its type only.
}
