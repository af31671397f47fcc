import { details, escape, page as pageOf } from '../../page.ts';
import type { Parameters } from '../parameters.ts';
import type { WebauthSession } from '../state/webauth-sessions.ts';

const bank = { name: 'Sandbox Bank', footer: 'This bank belongs to a sandbox. There is no money in it.' };
const page = (title: string, main: string) => pageOf(bank, title, main);

/** The page where a person decides. */
export function decisionPage(session: WebauthSession, clientId: number): string {
  return page(
    'Share your accounts?',
    `<p>Budgea asks, for the application <strong>${clientId}</strong>, to read:</p>
<ul>
<li>your accounts and balances</li>
<li>your transactions of the last 12 months</li>
</ul>
${details(about(session))}
<form method="post">
<button name="decision" value="approve">Approve</button>
<button name="decision" value="refuse">Refuse</button>
</form>`,
  );
}

/** The page of a visit that was decided: the person came back with the browser's button. */
export function decidedPage(location: string): string {
  return page(
    'You have answered already',
    `<p>The application has your answer. <a href="${escape(location)}">Go back to it</a></p>`,
  );
}

/** The page of a visit that is unknown, or took longer than half an hour. */
export function overPage(): string {
  return page(
    'This visit is over',
    '<p>It took too long, or its address is wrong. Start again in the application.</p>',
  );
}

/** The page that stands for the application when there is none: what the redirect home carried. */
export function homePage(query: Parameters): string {
  const rows = Object.entries(query).map(([name, value]) => [name, String(value)] as const);
  return page('Back in the application', `<p>This is what it was told:</p>${details(rows)}`);
}

function about(session: WebauthSession): [string, string][] {
  const rows: [string, string][] = [['Afterwards you go to', session.redirect_uri]];
  if (session.id_connector !== null) rows.unshift(['Connector', String(session.id_connector)]);
  if (session.id_connection !== null) rows.unshift(['Renews connection', String(session.id_connection)]);
  return rows;
}
