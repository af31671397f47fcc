import type { WebauthSession } from '../state/webauth-sessions.ts';

/** The page that asks for the decision. */
export function decisionPage(session: WebauthSession): string {
  return page(
    'Share your accounts?',
    `<form method="post"><button name="decision" value="approve">Approve</button><button name="decision" value="refuse">Refuse</button></form>${session.id_connector ?? ''}`,
  );
}

/** The page of a visit that is unknown or expired. */
export function overPage(): string {
  return page('This visit is over', '<p>Start again in the application.</p>');
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><main><h1>${title}</h1>${body}</main></body></html>`;
}
