import * as z from 'zod';
import { jobs } from '../lib/jobs.ts';
import { operations } from '../lib/operations.ts';
import { pages } from '../lib/pages.ts';

// What can be said of an environment. Nothing here loads the CDK, so that other programs can read the environments too.

/** Retention times that CloudWatch Logs takes, in days. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const hostName = z
  .string()
  .regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'expected a host name in lower case');
const slug = z.string().regex(/^[a-z0-9]+([_-][a-z0-9]+)*$/i, 'expected letters and digits, joined by - or _');
const whole = z.int().min(1);

/** API Gateway's limits for a route; an account's own are 10000 a second and bursts of 5000 if nothing else was agreed. */
const throttling = z.strictObject({
  requestsPerSecond: whole.max(10_000),
  /** Requests at once, beyond the steady ones. */
  burst: whole.max(5_000),
});

/** Memory of a function, in MB; its share of a CPU grows with it. */
const memory = z.int().min(128).max(10_240);

const forFunction = z.strictObject({
  memory: memory.optional(),
  /** Containers kept for this function, and the most that it may have. An account has to keep 100 for the rest: new ones cannot, with their 10. */
  reservedConcurrency: whole.optional(),
});

const forOperation = z.strictObject({
  ...forFunction.shape,
  /** Containers kept warm, paid for by the hour. */
  provisionedConcurrency: whole.optional(),
  throttling: throttling.optional(),
});

const domain = z.strictObject({
  name: hostName,
  /** A certificate for the name in the environment's region. */
  certificateArn: z.string().regex(/^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/),
  /** The Route 53 zone that gets the name's records; without it, point the name at the output `DomainTarget` yourself. */
  hostedZone: z.strictObject({ id: z.string().regex(/^Z[A-Z0-9]+$/), name: hostName }).optional(),
});

const environment = z
  .strictObject({
    /** The account's 12 digits; without it, the account of the command line's profile. */
    account: z
      .string()
      .regex(/^\d{12}$/, 'expected 12 digits')
      .optional(),
    /** Without it, the region of the command line's profile. */
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a region such as eu-west-3')
      .optional(),
    /** Termination protection, and data and logs that outlive the stacks. */
    production: z.boolean(),

    /** The Budgea API's base URL. */
    budgeaUrl: z.string().regex(/^https:\/\/[a-z0-9.-]+(:\d+)?\/2\.0$/, 'expected https://<domain>.biapi.pro/2.0'),
    /** Scope of the manage JWTs. */
    manageScope: z.string().regex(/^[\w.:/*-]{1,64}$/, 'expected a scope such as users'),
    /** Hours between two rotations of the manage JWT, which lives three times as long. Secrets Manager rotates every 4 hours at the soonest. */
    rotateManageTokenHours: z.int().min(4).max(24),
    /** Days between two rotations of the keys that seal a browser's state. */
    rotateSealingKeysDays: z.int().min(1).max(365),
    /** Certificate types that the gateway keeps. */
    certificateTypes: z.array(slug).max(20).refine(isUnique, 'expected each type once'),
    fetchCertificatesHours: z.int().min(1).max(168),
    /** Whether `POST /auth/init` makes temporary users for anyone, as upstream does. */
    allowAnonymousInit: z.boolean(),
    /** Whether `/docs` and `/openapi.json` show the API to anyone. */
    apiPage: z.boolean(),

    /** Origins whose pages may call the gateway from a browser. */
    corsOrigins: z
      .array(z.string().regex(/^https:\/\/[a-z0-9.-]+(:\d+)?$/, 'expected an origin such as https://app.example.com'))
      .refine(isUnique, 'expected each origin once'),
    domain: domain.optional(),
    /** Of each route; an operation's own replace it. */
    throttling,
    /** Of every function, in MB; a function's own replaces it. */
    memory,
    /** Settings of single functions, by the names of their rows. */
    functions: z.strictObject({
      ...optionalFor(operations, forOperation),
      ...optionalFor(pages, forOperation),
      ...optionalFor(jobs, forFunction),
    }),

    /** Of all logs. */
    logRetentionDays: z.literal(retentions),
    /** Who hears of alarms, and that they are over. */
    alarmEmail: z.email().optional(),
  })
  .refine(({ production, alarmEmail }) => !production || alarmEmail !== undefined, {
    path: ['alarmEmail'],
    message: 'a production environment has to tell someone',
  })
  .superRefine(({ functions }, context) => {
    const own: [string, z.output<typeof forOperation> | undefined][] = Object.entries(functions);
    for (const [id, { reservedConcurrency = Infinity, provisionedConcurrency = 0 } = {}] of own) {
      if (provisionedConcurrency > reservedConcurrency) {
        const path = ['functions', id, 'provisionedConcurrency'];
        context.addIssue({ code: 'custom', path, message: 'expected at most the reserved concurrency' });
      }
    }
  });

/** What is said of an environment. */
export type Environment = z.input<typeof environment>;

/** A setting of an environment that cannot be. */
class WrongSetting extends Error {
  override readonly name = 'WrongSetting';
}

// The length leaves room for the longest function's name; `local` is the stack of one machine.
const environmentName = z
  .string()
  .regex(/^(?!local$)[a-z][a-z0-9-]{0,30}$/, 'expected lower-case letters, digits and -, 31 at most, and not local');

/** Gives the environments back when everything in them can be. Throws WrongSetting, which names each setting that cannot. */
export function checkEnvironments<Name extends string>(
  environments: Readonly<Record<Name, Environment>>,
): Readonly<Record<Name, Environment>> {
  const parsed = z.record(environmentName, environment).safeParse(environments);
  if (parsed.success) return environments;
  const wrong = parsed.error.issues.map((issue) => {
    // A name that cannot be has its reason one level further down.
    const [{ message } = issue] = issue.code === 'invalid_key' ? issue.issues : [];
    return `  ${issue.path.join('.')}: ${message}`;
  });
  throw new WrongSetting(`infra/environments.ts has settings that cannot be:\n${wrong.join('\n')}`);
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function optionalFor<Id extends string, Schema extends z.ZodType>(
  rows: Readonly<Record<Id, unknown>>,
  schema: Schema,
): Record<Id, z.ZodOptional<Schema>> {
  const ids = Object.keys(rows) as Id[]; // A table's keys are its rows' names.
  return Object.fromEntries(ids.map((id) => [id, schema.optional()])) as Record<Id, z.ZodOptional<Schema>>;
}
