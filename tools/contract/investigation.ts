import { isDeepStrictEqual } from 'node:util';
import { assumptions, questions, type AssumptionId, type QuestionNumber } from './assumptions.ts';
import type { Clock, Exchange, Reply, RequestOptions, Send, Token } from './domain.ts';
import type { CreatedUsers, User } from './users.ts';

/** The credentials of the domain; each is optional. */
export interface Credentials {
  client?: { client_id: string; client_secret: string };
  users?: Token;
  config?: Token;
  admin?: Token;
}

/** What a probe needs: a flag, or a credential. */
export type Need = '--create' | '--burst' | '--slow' | '--browser' | keyof Credentials;

/** Prints what to open, and returns the choice that describes what was seen. */
export type PromptOperator = (instructions: string, choices: readonly string[]) => Promise<string>;

/** A series of calls that answers one question, or a part of it. */
export interface Probe {
  question: QuestionNumber;
  needs: readonly Need[];
  run: (context: Context) => Promise<void>;
}

/** What probes work with. */
export interface Context {
  upstream: string;
  clock: Clock;
  /** Makes a call and adds it to the question. */
  call: (line: string, options?: RequestOptions) => Promise<Reply>;
  /** Compares an assumption with a response. No response, 429 and 503 prove nothing and do not count. */
  check: (assumption: AssumptionId, reply: Reply, agrees: boolean) => void;
  /** Adds a sentence, without values, to the question. */
  note: (sentence: string) => void;
  client: () => NonNullable<Credentials['client']>;
  token: (name: 'users' | 'config' | 'admin') => Token;
  /** Creates a user, permanent if there are client credentials; ends the probe if the domain does not. */
  createUser: (kind?: 'temporary') => Promise<User & { id: string; token: Token }>;
  deleteUsers: () => Promise<void>;
  /** Sleeps until the time has passed. */
  sleep: (milliseconds: number) => Promise<unknown>;
  /** Prompts the operator for what the browser shows; each choice agrees, differs, or is null when it proves neither. */
  prompt: (assumption: AssumptionId, instructions: string, choices: Record<string, boolean | null>) => Promise<void>;
}

/** Calls with the same outcome. */
export type CountedExchange = Exchange & { times: number };

/** What a run found out about one question. */
interface Answer {
  number: QuestionNumber;
  question: string;
  outcome: 'answered' | 'skipped';
  exchanges: CountedExchange[];
  notes: string[];
  /** Needs of the probes that did not run. */
  missing: Need[];
}

/** What one run found out. */
export interface Findings {
  answers: Answer[];
  /** Whether the domain agreed, for each assumption that a call was compared with. */
  agreement: ReadonlyMap<AssumptionId, boolean>;
}

/** What an investigation works with. */
export interface Setup {
  upstream: string;
  send: Send;
  clock: Clock;
  users: CreatedUsers;
  credentials: Credentials;
  flags: ReadonlySet<Need>;
  prompt: PromptOperator;
  signal: AbortSignal;
  onProgress: (done: number, answer: Answer) => void;
}

/** The calls whose errors the gateway passes on. */
const passedOn =
  /^(POST \/(admin\/jwt|auth\/(init|jwt|token\/access)|users\/.*)|GET \/(auth\/token\/code|users\/.*|certificate\/.*)|DELETE .*)$/;

/** Ends a probe that cannot go on; the message is a sentence for the report. */
export class Incomplete extends Error {}

/** The first call had no response. */
export class NoResponse extends Error {}

/** Runs every probe whose needs are met. Rejects when the signal aborts, and with NoResponse. */
export async function investigate(setup: Setup, probes: readonly Probe[]): Promise<Findings> {
  const { credentials, flags, clock, users, signal } = setup;
  const agreement = new Map<AssumptionId, boolean>();
  let hasResponded = false;
  const answers = Object.entries(questions).map(([number, question]): Answer => ({
    number: Number(number) as QuestionNumber, // The keys of the table.
    question,
    outcome: 'skipped',
    exchanges: [],
    notes: [],
    missing: [],
  }));
  const answerTo = (number: QuestionNumber): Answer => answers[number - 1] ?? unreachable();
  const isMet = (need: Need) => flags.has(need) || (need in credentials && credentials[need as keyof Credentials]);

  const check: Context['check'] = (assumption, { status }, agrees) => {
    if (status === 0 || status === 429 || status === 503) return;
    settle(assumption, agrees);
  };
  const settle = (assumption: AssumptionId, agrees: boolean) =>
    agreement.set(assumption, (agreement.get(assumption) ?? true) && agrees);

  function contextOf(answer: Answer): Context {
    const note = (sentence: string) => void (answer.notes.includes(sentence) || answer.notes.push(sentence));
    const call: Context['call'] = async (line, options = {}) => {
      const reply = await setup.send(line, options, signal);
      users.observe(line, options, reply);
      hasResponded ||= reply.status !== 0;
      if (!hasResponded) throw new NoResponse('The domain did not respond. Check --upstream and the network.');
      record(answer, reply.exchange);
      compareError(line, reply);
      return reply;
    };
    return {
      upstream: setup.upstream,
      clock,
      call,
      check,
      note,
      client: () => credentials.client ?? unreachable(),
      token: (name) => credentials[name] ?? unreachable(),
      async createUser(kind) {
        const before = users.all.length;
        await call('POST /auth/init', { body: kind === 'temporary' ? {} : (credentials.client ?? {}) });
        const user = users.all[before];
        const [id, token] = [user?.id, user?.tokens[0]];
        if (!user || !id || !token) throw new Incomplete('POST /auth/init returned no user.');
        return Object.assign(user, { id, token });
      },
      deleteUsers: users.deleteAll,
      sleep: (milliseconds) => clock.sleep(milliseconds, signal),
      async prompt(assumption, instructions, choices) {
        const choice = await setup.prompt(instructions, Object.keys(choices));
        const agrees = choices[choice];
        if (typeof agrees === 'boolean') settle(assumption, agrees);
        note(`Seen: ${choice}.`);
      },
    };
  }

  /** Compares every error with what is assumed about all errors. */
  function compareError(line: string, reply: Reply): void {
    const { exchange, status, body, headers } = reply;
    const isBudgea = exchange.envelope === 'Budgea' || exchange.envelope === 'Budgea and OAuth';
    if (status >= 400 && status !== 404 && passedOn.test(line)) check('error-envelope', reply, isBudgea);
    if (status >= 400 && isBudgea) check('message-key', reply, 'message' in body);
    if (status !== 429 && status !== 503) return;
    settle('overload-envelope', isBudgea);
    record(answerTo(13), exchange);
    if (status === 503) return;
    settle('limit-429', true);
    settle('retry-after', /^\d+$/.test(headers.get('retry-after') ?? ''));
  }

  let done = 0;
  for (const answer of [...answers.filter(({ number }) => number !== 13), answerTo(13)]) {
    for (const probe of probes.filter(({ question }) => question === answer.number)) {
      const missing = probe.needs.filter((need) => !isMet(need));
      answer.missing = [...new Set([...answer.missing, ...missing])];
      if (missing.length > 0) continue;
      await probe.run(contextOf(answer)).catch((error: unknown) => {
        if (!(error instanceof Incomplete)) throw error;
        answer.notes.push(`Incomplete. ${error.message}`);
      });
    }
    if (answer.exchanges.length > 0 || answer.notes.length > 0) answer.outcome = 'answered';
    setup.onProgress(++done, answer);
  }
  return { answers, agreement };
}

function record({ exchanges }: Answer, exchange: Exchange): void {
  const same = exchanges.find((one) => isDeepStrictEqual({ ...exchange, times: one.times }, one));
  if (same === undefined) exchanges.push({ ...exchange, times: 1 });
  else same.times++;
}

/** Returns an assumption's outcome. */
export function outcomeOf(id: AssumptionId, { agreement }: Findings): 'agrees' | 'differs' | 'not observed' {
  const agrees = agreement.get(id);
  if (agrees === undefined) return 'not observed';
  return agrees ? 'agrees' : 'differs';
}

/** Returns the assumptions that differ and break a partner. */
export function breakingDifferences({ agreement }: Findings): AssumptionId[] {
  return [...agreement].filter(([id, agrees]) => !agrees && assumptions[id].breaks).map(([id]) => id);
}

function unreachable(): never {
  throw new Error('a probe used a credential that it does not declare');
}
