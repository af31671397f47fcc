import { escapeHtml } from '#lib/http/respond.ts';
import { details, page as pageOf } from '../page.ts';
import type { Outcome } from './home.ts';

const site = { name: 'Demo application', footer: 'A demo of a partner application that connects a bank.' };
const page = (title: string, main: string) => pageOf(site, title, main);

/** The start page. */
export function homePage(): string {
  return page(
    'See your accounts in one place',
    `<p>We need your permission to read your accounts at your bank:</p>
<ol>
<li>We redirect you to your bank’s website.</li>
<li>You approve or refuse there. We never see your password.</li>
<li>You return to this page.</li>
</ol>
${connect('Connect a bank')}`,
  );
}

/** The page for the outcome of a visit to the bank. */
export function outcomePage(outcome: Outcome): string {
  switch (outcome.result) {
    case 'connected':
      return page(
        'Your bank is connected',
        `<p>We can now read your accounts. You can close this page.</p>
${connect('Connect another bank')}
<h2>For developers: what the application received</h2>
${details([
  ['state', 'the value that it sent'],
  ['id_connection', outcome.connection],
  ['code', outcome.isNew ? 'exchanged by the server' : 'none, the user already exists'],
  ['access_token', 'stored by the server'],
  ['id_user', String(outcome.user)],
])}`,
      );
    case 'refused':
      return page(
        'You refused access',
        `<p>Your bank shares no data with us, and no bank was connected. You can close this page.</p>
${connect('Try again')}
${developers('state: the value that it sent; error: access_denied')}`,
      );
    case 'error':
      return page(
        'Your bank could not be connected',
        `<p>The bank reported an error. Try again; if the error persists, wait a few minutes.</p>
${connect('Try again')}
${developers(`error: ${outcome.error}`)}`,
      );
    case 'unfinished':
      return page(
        'The connection is incomplete',
        `<p>You approved access at your bank, but an error occurred afterwards. We cannot read your accounts.</p>
${connect('Start again')}
${developers(outcome.reason)}`,
      );
  }
}

/** The page for a redirect with an unknown state: forged, or of a visit that another one replaced. */
export function unexpectedPage(): string {
  return page(
    'Unexpected response',
    `<p>This response does not belong to the last visit that you started in this browser, so we ignored it. You may have
started twice, or followed someone else’s link. To connect a bank, start again.</p>
${connect('Start again')}
${developers('a state that differs from the one that it sent')}`,
  );
}

/** The page for an error of the application. */
export function errorPage(): string {
  return page(
    'An error occurred',
    `<p>The application is not available at the moment. Your connections are unchanged. Try again in a minute.</p>
${connect('Try again')}
${developers('no code for the existing user from the gateway; the console shows the call')}`,
  );
}

/** The page for an unknown path. */
export function notFoundPage(): string {
  return page('Page not found', '<p><a href="/">Go to the start page</a></p>');
}

function connect(label: string): string {
  return `<p><a class="button" href="/connect">${escapeHtml(label)}</a></p>`;
}

function developers(what: string): string {
  return `<h2>For developers: what the application received</h2>\n<p>${escapeHtml(what)}</p>`;
}
