import { instance } from '@viz-js/viz';

/** Renders Graphviz source as an SVG for light and dark pages; the style defines its classes. */
export async function diagram(source: string, title: string): Promise<string> {
  const rendered = (await instance()).renderString(source, { format: 'svg', engine: 'dot' });
  const [, viewBox = '', content = ''] = /<svg[^>]*(viewBox="[^"]*")[^>]*>([^]*)<\/svg>/.exec(rendered) ?? [];
  const body = content
    // Names of the source, which browsers show as tooltips, and comments.
    .replaceAll(/<title>[^<]*<\/title>\n?|<!--[^]*?-->\n?/g, '')
    // The style defines these.
    .replaceAll(/ (?:fill|stroke|font-family)="[^"]*"/g, '')
    .trim();
  return `<svg xmlns="http://www.w3.org/2000/svg" ${viewBox} role="img">\n<title>${title}</title>\n${style}\n${body}\n</svg>\n`;
}

/** The colors of GitHub's pages, with a contrast of at least 4.5. */
const style = `<style>
svg { --ink: #1f2328; --line: #59636e; --box: #ffffff; --code: #ddf4ff; --store: #dafbe1; --outside: #fff8c5 }
@media (prefers-color-scheme: dark) {
  svg { --ink: #f0f6fc; --line: #9198a1; --box: #212830; --code: #0c2d6b; --store: #033a16; --outside: #4b2900 }
}
text { fill: var(--ink); font-family: Helvetica, Arial, sans-serif }
path, polygon { stroke: var(--line) }
.graph > polygon { fill: none; stroke: none }
.cluster path, .edge path { fill: none }
.edge polygon { fill: var(--line) }
.node path, .node polygon { fill: var(--box) }
.code path { fill: var(--code) }
.store path { fill: var(--store) }
.outside path { fill: var(--outside) }
</style>`;
