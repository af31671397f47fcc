import { createHash } from 'node:crypto';
import { Html } from './html.ts';

const style = `
:root { color-scheme: light dark; --text: #1c2430; --dim: #566072; --line: #d8dde6; --ground: #fff; --raised: #f4f6f9; --link: #0b57b0; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e3e8f0; --dim: #a0abbd; --line: #343d4b; --ground: #14181f; --raised: #1d232d; --link: #82b6f5; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 60rem; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 1rem 0; }
h2 { font-size: 1.25rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h3 { font-size: .95rem; margin: 1.25rem 0 .35rem; }
a { color: var(--link); text-underline-offset: .15em; }
code, pre { font: .88em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
h2 code { font-size: 1em; }
pre { margin: 0; padding: .75rem 1rem; background: var(--raised); border: 1px solid var(--line); border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.75rem; }
nav ul { list-style: none; padding: 0; margin: 0; }
nav li { padding: .15rem 0; }
nav a { text-decoration: none; }
nav a:hover, nav a:focus { text-decoration: underline; }
.method { display: inline-block; min-width: 4.8em; font-weight: 700; font-size: .85em; letter-spacing: .03em; }
h2 .method { min-width: 0; margin-right: .4em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .9rem .4rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--dim); font-weight: 600; font-size: .85rem; }
tbody th { font-weight: 400; }
th, td:not(:last-child) { white-space: nowrap; }
th:last-child, td:last-child { width: 100%; min-width: 15rem; padding-right: 0; }
td code { overflow-wrap: anywhere; }
dt { font-weight: 600; margin-top: .6rem; }
dd { margin: 0; }
summary { cursor: pointer; margin: .6rem 0; color: var(--link); }
`;

/** The page's only style sheet; not a character may come into the element that its hash does not count. */
export const styleElement = new Html(`<style>${style}</style>`);

/** Lets a browser use the style sheet and nothing else: no script, no request, no frame around the page. */
export function contentSecurityPolicy(): string {
  const hash = createHash('sha256').update(style).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}
