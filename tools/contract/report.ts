import { assumptions, type AssumptionId } from './assumptions.ts';
import { breakingDifferences, outcomeOf, type CountedExchange, type Findings } from './investigation.ts';

/** A finished run. */
export interface Run extends Findings {
  upstream: string;
  /** ISO 8601. */
  date: string;
  users: { created: number; notDeleted: number; untraceable: number };
}

/** Returns the run as JSON: names and types, no values of the domain. */
export function jsonReport(run: Run): string {
  const { upstream, date, users } = run;
  const answers = run.answers.map((answer) => ({ ...answer, assumptions: rowsOf(run, answer.number) }));
  return `${JSON.stringify({ upstream, date, users, breaking: breakingDifferences(run), answers }, undefined, 2)}\n`;
}

/** Returns the run as Markdown: names and types, no values of the domain. */
export function markdownReport(run: Run): string {
  const { upstream, date, users, answers } = run;
  const rows = rowsOf(run).filter(({ outcome }) => outcome === 'differs');
  const differences = rows.map(
    ({ id, question, ifWrong, breaks }) =>
      `- \`${id}\` (question ${question}, ${breaks ? '**breaks a partner**' : 'harmless'}): ${assumptions[id].statement} ${ifWrong}`,
  );
  return [
    '# First contact',
    `Domain: ${upstream}  \nDate: ${date}  \nUsers: ${usersLine(users)}`,
    '## Differences',
    differences.join('\n') || 'None.',
    ...answers.map((answer) =>
      [
        `## ${answer.number}. ${answer.question}`,
        [`**${answer.outcome}**`, answer.missing.length > 0 && `not tried without: ${needsText(answer.missing)}`]
          .filter(Boolean)
          .join(' · '),
        answer.exchanges.map(exchangeLine).join('\n'),
        answer.notes.join(' '),
        rowsOf(run, answer.number)
          .map(({ statement, mark, outcome }) => `- ${outcome}: ${statement} (${mark})`)
          .join('\n'),
      ]
        .filter((block) => block !== '')
        .join('\n\n'),
    ),
  ]
    .join('\n\n')
    .concat('\n');
}

/** Returns the number of users that were created, deleted and left. */
export function usersLine({ created, notDeleted, untraceable }: Run['users']): string {
  const lost = untraceable === 0 ? '' : `, ${untraceable} calls that may have created another`;
  return `${created} created, ${created - notDeleted} deleted, ${notDeleted} left${lost}`;
}

function rowsOf(run: Findings, number?: number) {
  return (Object.keys(assumptions) as AssumptionId[]) // The keys of the table.
    .map((id) => Object.assign({ id, outcome: outcomeOf(id, run) }, assumptions[id]))
    .filter(({ question }) => number === undefined || question === number);
}

function needsText(needs: readonly string[]): string {
  return needs
    .map((need) => (need.startsWith('--') ? `\`${need}\`` : `the ${credentialNames[need] ?? need}`))
    .join(', ');
}

const credentialNames: Readonly<Record<string, string>> = {
  client: 'client credentials',
  users: 'users token',
  config: 'config token',
  admin: 'admin manage token',
};

function exchangeLine({ request, status, failure, envelope, fields, times }: CountedExchange): string {
  const result = failure ?? `${status}, ${envelope === 'data' ? 'JSON' : `${envelope} body`}`;
  const types = Object.entries(fields).map(([name, type]) => `${name}: ${type}`);
  const count = times > 1 ? ` × ${times}` : '';
  return `- \`${request}\`${count} → ${result}${types.length > 0 ? ` \`{${types.join(', ')}}\`` : ''}`;
}
