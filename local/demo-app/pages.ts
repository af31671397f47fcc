import { details, escape, page as pageOf } from '../page.ts';
import type { Outcome } from './home.ts';

type OutcomeOf<Result extends Outcome['result']> = Extract<Outcome, { result: Result }>;

const site = {
  name: 'Demo application',
  footer: 'A demo: it shows how a partner’s application connects a bank.',
};
const page = (title: string, main: string) => pageOf(site, title, main);

/** The page where a person begins. */
export function homePage(): string {
  return page(
    'See your accounts in one place',
    `<p>To show them, we have to be allowed to read them at your bank:</p>
<ol>
<li>You go to your bank’s own page.</li>
<li>There you say yes or no. We never see your password.</li>
<li>You come back here.</li>
</ol>
${begin('Connect a bank')}`,
  );
}

/** Said yes, and everything went well. */
export function connectedPage({ connection, user, isNew }: OutcomeOf<'connected'>): string {
  return page(
    'Your bank is connected',
    `<p>We can read your accounts now. There is nothing more to do; you can close this page.</p>
${begin('Connect another bank')}
<h2>For developers: what the application got</h2>
${details([
  ['state', 'the one that it had sent'],
  ['id_connection', connection],
  ['code', isNew ? 'exchanged by its back end' : 'none, as it knew the user'],
  ['access_token', 'kept by its back end'],
  ['id_user', String(user)],
])}`,
  );
}

/** Said no. */
export function refusedPage(): string {
  return page(
    'You said no',
    `<p>Your bank shares nothing with us, and nothing is connected. If that is what you want, you can close this page.</p>
${begin('Try again')}
${developers('state: the one that it had sent; error: access_denied')}`,
  );
}

/** The bank or the API could not do it. */
export function errorPage({ error }: OutcomeOf<'error'>): string {
  return page(
    'The bank could not do it',
    `<p>Nothing is connected. Try again; if it goes wrong once more, wait some minutes.</p>
${begin('Try again')}
${developers(`error: ${error}`)}`,
  );
}

/** Said yes, and the application could not finish. */
export function unfinishedPage({ because }: OutcomeOf<'unfinished'>): string {
  return page(
    'We could not finish',
    `<p>You have said yes at your bank, but afterwards something went wrong here, and we cannot read your accounts. Please
begin again.</p>
${begin('Begin again')}
${developers(because)}`,
  );
}

/** An answer that this browser did not ask for: forged, or of a visit that another one replaced. */
export function unexpectedPage(): string {
  return page(
    'This is not what we waited for',
    `<p>You come from a bank, but not on the way that you last began in this browser, so we have used nothing of it. Perhaps
you have begun twice, or somebody has sent you a link. Begin again from here if you want to connect a bank.</p>
${begin('Begin again')}
${developers('the state is not the one that this browser was sent away with')}`,
  );
}

/** The application itself fails. */
export function troublePage(): string {
  return page(
    'This did not work',
    `<p>The application cannot begin at the moment. Nothing is connected that was not before. Try again in a minute.</p>
${begin('Try again')}
${developers('the gateway did not give a code for the known user: the console shows the call')}`,
  );
}

/** Anything else. */
export function nowherePage(): string {
  return page('There is no such page', '<p><a href="/">To the beginning</a></p>');
}

function begin(label: string): string {
  return `<p><a class="button" href="/connect">${escape(label)}</a></p>`;
}

function developers(what: string): string {
  return `<h2>For developers: what the application got</h2>\n<p>${escape(what)}</p>`;
}
