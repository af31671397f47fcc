import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { lazy } from '#lib/lazy.ts';
import { asset } from './http.ts';

/** Only scripts, styles and connections of the console's server; nothing inline and no frames. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const source = (name: string): string => fileURLToPath(new URL(`page/${name}`, import.meta.url));

const bundled = lazy(async () => {
  // Loaded only when the console is opened.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [source('main.tsx'), source('console.css')],
    outdir: '.',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    legalComments: 'none',
  });
  const output = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  return { script: output('.js'), styles: output('.css') };
});

/** The routes of the page, which is empty until its script runs, and of its resources. */
export const assets = [
  asset('/', 'text/html; charset=utf-8', () => readFile(source('index.html'), 'utf8'), {
    'content-security-policy': policy,
  }),
  asset('/_console/main.js', 'text/javascript; charset=utf-8', async () => (await bundled()).script),
  asset('/_console/console.css', 'text/css; charset=utf-8', async () => (await bundled()).styles),
  asset('/_console/icon.svg', 'image/svg+xml', () => readFile(source('icon.svg'), 'utf8')),
];
