import { execFile } from 'node:child_process';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/** The default folder of the package. */
const clientFolder = join(root, 'dist/client');

/** The parts of the project's package.json that the client's has too. */
interface Project {
  version: string;
  license: string;
  dependencies: Record<'undici' | 'valibot', string>;
}

/** Builds the package for partners' applications, ready for `npm pack`, in an emptied folder. Rejects with the compiler's errors. */
export async function buildClient(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await compile(folder);
  const project = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Project; // The project's own manifest.
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifestOf(project), undefined, 2)}\n`);
  await copyFile(join(root, 'tools/client/README.md'), join(folder, 'README.md'));
  await copyFile(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

async function compile(folder: string): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['-p', 'tsconfig.client.json', '--outDir', folder];
  await promisify(execFile)(process.execPath, [compiler, ...options], { cwd: root }).catch(
    (cause: Error & { stdout?: string }) => {
      throw new Error(`The client does not compile.\n${cause.stdout ?? ''}`, { cause });
    },
  );
}

function manifestOf({ version, license, dependencies: { undici, valibot } }: Project): object {
  const entry = './budgea/authentication-api';
  return {
    name: 'budgea-auth-gateway-client',
    version,
    description: 'The authentication operations of the Budgea / Powens banking API, typed',
    license,
    type: 'module',
    engines: { node: '>=22.19.0' },
    exports: { '.': { types: `${entry}.d.ts`, default: `${entry}.js` }, './package.json': './package.json' },
    sideEffects: false,
    // The client imports internal modules of undici, which may change in any version.
    dependencies: { undici, valibot: `^${valibot}` },
  };
}

if (import.meta.main) await buildClient(clientFolder);
