import * as v from 'valibot';
import { jobs } from '#lib/operations/jobs.ts';
import { operations } from '#lib/operations/table.ts';
import { pages } from '#lib/operations/routes.ts';

// What can be said of an environment. Nothing here loads the CDK, so that other programs can read the environments too.

/** Retention times that CloudWatch Logs takes, in days. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const matching = (pattern: RegExp, expected: string) => v.pipe(v.string(), v.regex(pattern, `expected ${expected}`));
const hostName = matching(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'a host name in lower case');
const slug = matching(/^[a-z0-9]+([_-][a-z0-9]+)*$/i, 'letters and digits, joined by - or _');
const from = (least: number, most = Infinity) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const whole = from(1);
const settings = <Entries extends v.ObjectEntries>(entries: Entries) => v.strictObject(entries, faultOf);

function faultOf({ expected }: v.StrictObjectIssue): string {
  if (expected === 'never') return 'there is no such setting';
  return expected === 'Object' ? 'expected an object' : 'it is missing';
}

/** API Gateway's limits for a route; an account's own are 10000 a second and bursts of 5000 if nothing else was agreed. */
const throttling = settings({
  requestsPerSecond: from(1, 10_000),
  /** Requests at once, beyond the steady ones. */
  burst: from(1, 5_000),
});

/** Memory of a function, in MB; its share of a CPU grows with it. */
const memory = from(128, 10_240);

const forFunction = settings({
  memory: v.optional(memory),
  /** Containers kept for this function, and the most that it may have. An account has to keep 100 for the rest: new ones cannot, with their 10. */
  reservedConcurrency: v.optional(whole),
});

const forOperation = v.pipe(
  settings({
    ...forFunction.entries,
    /** Containers kept warm, paid for by the hour. */
    provisionedConcurrency: v.optional(whole),
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
  /** A certificate for the name in the environment's region. */
  certificateArn: matching(
    /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/,
    'the ARN of a certificate of AWS Certificate Manager',
  ),
  /** The Route 53 zone that gets the name's records; without it, point the name at the output `DomainTarget` yourself. */
  hostedZone: v.optional(settings({ id: matching(/^Z[A-Z0-9]+$/, 'a zone’s id, with a Z'), name: hostName })),
});

const environment = v.pipe(
  settings({
    /** The account's 12 digits; without it, the account of the command line's profile. */
    account: v.optional(matching(/^\d{12}$/, '12 digits')),
    /** Without it, the region of the command line's profile. */
    region: v.optional(matching(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as eu-west-3')),
    /** Termination protection, and data and logs that outlive the stacks. */
    production: v.boolean(),

    /** The Budgea API's base URL. */
    budgeaUrl: matching(/^https:\/\/[a-z0-9.-]+(:\d+)?\/2\.0$/, 'https://<domain>.biapi.pro/2.0'),
    /** Scope of the manage JWTs. */
    manageScope: matching(/^[\w.:/*-]{1,64}$/, 'a scope such as users'),
    /** Hours between two rotations of the manage JWT, which lives three times as long. Secrets Manager rotates every 4 hours at the soonest. */
    rotateManageTokenHours: from(4, 24),
    /** Days between two rotations of the keys that seal a browser's state. */
    rotateSealingKeysDays: from(1, 365),
    /** Certificate types that the gateway keeps. */
    certificateTypes: v.pipe(
      v.array(slug),
      v.maxLength(20),
      v.check((all: string[]) => new Set(all).size === all.length, 'expected each type once'),
    ),
    fetchCertificatesHours: from(1, 168),
    /** Whether `POST /auth/init` makes temporary users for anyone, as upstream does. */
    allowAnonymousInit: v.boolean(),
    /** Whether `/docs` and `/openapi.json` show the API to anyone. */
    apiPage: v.boolean(),

    /** Origins whose pages may call the gateway from a browser. */
    corsOrigins: v.pipe(
      v.array(matching(/^https:\/\/[a-z0-9.-]+(:\d+)?$/, 'an origin such as https://app.example.com')),
      v.check((all: string[]) => new Set(all).size === all.length, 'expected each origin once'),
    ),
    domain: v.optional(domain),
    /** Of each route; an operation's own replace it. */
    throttling,
    /** Of each route that takes callers without credentials: `/webauth`, its callback and the API page. */
    anonymousThrottling: throttling,
    /** Of every function, in MB; a function's own replaces it. */
    memory,
    /** Settings of single functions, by the names of their rows. */
    functions: settings({
      ...optionalFor(operations, forOperation),
      ...optionalFor(pages, forOperation),
      ...optionalFor(jobs, forFunction),
    }),

    /** Of all logs. */
    logRetentionDays: v.picklist(retentions),
    /** Who hears of alarms, and that they are over. */
    alarmEmail: v.optional(v.pipe(v.string(), v.email())),
  }),
  v.forward(
    v.check(
      ({ production, alarmEmail }) => !production || alarmEmail !== undefined,
      'a production environment has to tell someone',
    ),
    ['alarmEmail'],
  ),
);

/** What is said of an environment. */
export type Environment = v.InferInput<typeof environment>;

/** A setting of an environment that cannot be. */
class WrongSetting extends Error {
  override readonly name = 'WrongSetting';
}

// The length leaves room for the longest function's name; `local` is the stack of one machine.
const environmentName = matching(
  /^(?!local$)[a-z][a-z0-9-]{0,30}$/,
  'lower-case letters, digits and -, 31 at most, and not local',
);

/** Gives the environments back when everything in them can be. Throws WrongSetting, which names each setting that cannot. */
export function checkEnvironments<Name extends string>(
  environments: Readonly<Record<Name, Environment>>,
): Readonly<Record<Name, Environment>> {
  const parsed = v.safeParse(v.record(environmentName, environment), environments);
  if (parsed.success) return environments;
  const wrong = parsed.issues.map((issue) => `  ${v.getDotPath(issue)}: ${issue.message}`);
  throw new WrongSetting(`infra/environments.ts has settings that cannot be:\n${wrong.join('\n')}`);
}

function optionalFor<Id extends string, Schema extends v.GenericSchema>(
  rows: Readonly<Record<Id, unknown>>,
  schema: Schema,
): Record<Id, v.OptionalSchema<Schema, undefined>> {
  const ids = Object.keys(rows) as Id[]; // A table's keys are its rows' names.
  const optional = ids.map((id) => [id, v.optional(schema)]);
  return Object.fromEntries(optional) as Record<Id, v.OptionalSchema<Schema, undefined>>;
}
