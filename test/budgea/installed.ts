import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { buildClient } from '#tools/client/build.ts';

const root = resolve(import.meta.dirname, '../..');

/** Installs the client's package, its dependencies and the types that the compiler needs into an application's `node_modules`. */
export async function installClient(application: string): Promise<void> {
  const packages = join(application, 'node_modules');
  const installed = join(packages, 'budgea-auth-gateway-client');
  await buildClient(installed);
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as { dependencies: object };
  for (const name of [...Object.keys(manifest.dependencies), 'undici-types', '@types/node']) {
    await mkdir(dirname(join(packages, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(packages, name));
  }
}
