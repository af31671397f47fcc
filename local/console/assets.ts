import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Shown } from './http.ts';

/** Scripts and styles of the console's own server alone, nothing written into the page, and no frame around it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const source = (name: string): string => fileURLToPath(new URL(`page/${name}`, import.meta.url));

/** The page, which has nothing in it before its script runs. */
export async function page(): Promise<Shown> {
  const content = await readFile(source('index.html'), 'utf8');
  return { type: 'text/html; charset=utf-8', content, headers: { 'content-security-policy': policy } };
}

/** The page's script, made of its sources when it is first asked for. */
export async function script(): Promise<Shown> {
  return { type: 'text/javascript; charset=utf-8', content: (await bundled()).script };
}

/** The page's style sheet. */
export async function styles(): Promise<Shown> {
  return { type: 'text/css; charset=utf-8', content: (await bundled()).styles };
}

/** The page's icon. */
export async function icon(): Promise<Shown> {
  return { type: 'image/svg+xml', content: await readFile(source('icon.svg'), 'utf8') };
}

let bundling: Promise<{ script: string; styles: string }> | undefined;

function bundled(): Promise<{ script: string; styles: string }> {
  return (bundling ??= bundle());
}

async function bundle(): Promise<{ script: string; styles: string }> {
  // Loaded by nobody who does not open the console.
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
  const named = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  return { script: named('.js'), styles: named('.css') };
}
