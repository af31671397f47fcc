import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { escapeHtml } from '#lib/http/respond.ts';

/** Returns a complete HTML page without scripts or external resources; `main` is HTML. */
export function page({ name, footer }: { name: string; footer: string }, title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)} · ${escapeHtml(name)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><span aria-hidden="true">◆</span> ${escapeHtml(name)}</header>
<main>
<h1>${escapeHtml(title)}</h1>
${main}
</main>
<footer>${escapeHtml(footer)}</footer>
</body>
</html>
`;
}

/** Returns names and values as a description list. */
export function details(rows: readonly (readonly [name: string, value: string])[]): string {
  const items = rows.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`);
  return `<dl>${items.join('')}</dl>`;
}

/** Sends a page. */
export function sendPage(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(html);
}

const STYLE = `
:root { color-scheme: light dark; --back: #f3f5f8; --card: #fff; --text: #1b2430; --soft: #566273; --line: #d9dfe7; --key: #0b57a4; --on-key: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --back: #10151c; --card: #1a212b; --text: #e8edf4; --soft: #a3afbf; --line: #333e4c; --key: #8cc2ff; --on-key: #06203c; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; padding: 2rem 1rem; display: flex; flex-direction: column; align-items: center; gap: 1.25rem; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header { font-weight: 600; }
header span { color: var(--key); }
main { width: 100%; max-width: 30rem; padding: clamp(1.25rem, 5vw, 2rem); background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
main > :last-child { margin-bottom: 0; }
ul { margin: 0 0 1.5rem; padding-left: 1.25rem; }
dl { margin: 0 0 1.75rem; border-top: 1px solid var(--line); }
dl div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; padding: .6rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
form { display: flex; flex-wrap: wrap; gap: .75rem; }
a { color: var(--key); overflow-wrap: anywhere; }
button, a.button { flex: 1 1 9rem; min-height: 2.9rem; padding: .6rem 1rem; font: inherit; font-weight: 600; border-radius: 8px; border: 1px solid var(--key); background: transparent; color: var(--key); cursor: pointer; }
a.button { display: block; text-align: center; text-decoration: none; }
button[value=approve], a.button { background: var(--key); color: var(--on-key); }
h2 { margin: 2rem 0 .75rem; font-size: 1rem; }
:focus-visible { outline: 3px solid var(--key); outline-offset: 3px; }
footer { color: var(--soft); font-size: .875rem; text-align: center; }
`;

/**
 * The headers of a page: only its own style sheet is allowed, and no cache or frame. `no-referrer` would set the `Origin` of its forms to
 * `null`. There is no `form-action`: Chromium applies it to the redirect after a form, and the bank redirects to any application.
 */
export const pageHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; img-src data:; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};
