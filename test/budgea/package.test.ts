import { execFile } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuthenticationApi } from '#lib/budgea/authentication-api.ts';
import { specification } from '#lib/budgea/specification.ts';
import { startSandbox, type RunningSandbox } from '#local/sandbox/server.ts';
import { installClient } from './installed.ts';

// The built package, installed into an application with its dependencies and without AWS. The application runs the examples in the client's
// documentation.

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const client = { client_id: 12_345_678, client_secret: 's3cret+/=' };
const adminToken = 'the-admin/token+of=tests';
const redirect_uri = 'https://app.example/callback';

/** The variables that the class's documentation defines for the examples. */
const scope = `
  const certificate_type = 'qwac';
  const api = new AuthenticationApi(new Configuration({ basePath }));
  const { auth_token } = await api.authInitPost({ client_id, client_secret });
  const user = new AuthenticationApi(new Configuration({ basePath, apiKey: auth_token, apiKeyPrefix: 'Bearer' }));
  const manager = new AuthenticationApi(new Configuration({ basePath, apiKey: manage_token, apiKeyPrefix: 'Bearer' }));`;

let application: string;
let sandbox: RunningSandbox;
const examples = await readExamples();

beforeAll(async () => {
  application = await realpath(await mkdtemp(join(tmpdir(), 'application-')));
  sandbox = await startSandbox({ port: 0, client, adminToken, redirectUris: [redirect_uri] });
  await installClient(application);
  await writeFile(join(application, 'package.json'), '{ "type": "module" }');
  await writeFile(join(application, 'application.ts'), applicationOf(examples));
});
afterAll(async () => {
  await sandbox.close();
  await rm(application, { recursive: true });
});

test('every method has an example', () => {
  const methods = Object.getOwnPropertyNames(AuthenticationApi.prototype).filter((name) => name !== 'constructor');
  expect(methods).toHaveLength(Object.keys(specification).length);
  expect(examples.map(([name]) => name).toSorted()).toEqual(['AuthenticationApi', ...methods].toSorted());
});

test('the examples compile, and the package’s declarations are valid', async () => {
  const options = {
    strict: true,
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024'],
    types: ['node'],
    noEmit: true,
  };
  await writeFile(
    join(application, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, skipLibCheck: false }, include: ['application.ts'] }),
  );
  await expect(tsc(application, '-p', 'tsconfig.json')).resolves.toMatchObject({ stdout: '' });
});

test('the examples run, and the process exits by itself', async () => {
  const env = { BASE_PATH: sandbox.url };
  const { stdout, stderr } = await run(process.execPath, ['application.ts'], { cwd: application, env });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual(Object.fromEntries(examples.map(([name]) => [name, 'done'])));
});

test('the package is also the main export of the project', async () => {
  const own = await mainExport(root);
  const built = await mainExport(join(application, 'node_modules/budgea-auth-gateway-client'));
  expect(own.default).toBe(`./${join('dist/client', built.default)}`);
  expect(own.types).toBe(`./${join('dist/client', built.types)}`);
});

async function mainExport(folder: string): Promise<{ types: string; default: string }> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    exports: { '.': { types: string; default: string } };
  };
  return manifest.exports['.'];
}

function tsc(cwd: string, ...options: string[]) {
  return run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options], { cwd });
}

/** Returns the example of each documented declaration of the client. */
async function readExamples(): Promise<[name: string, code: string][]> {
  const source = await readFile(join(root, 'lib/budgea/authentication-api.ts'), 'utf8');
  const documented = source.matchAll(/\/\*\*((?:(?!\*\/).)*?)@example\n((?:(?!\*\/).)*)\*\/\s*([\w ]+)/gs);
  return [...documented].map(([, , code = '', declaration = '']) => [
    declaration.trim().split(' ').at(-1) ?? '',
    code.replace(/^ *\* ?/gm, '      '),
  ]);
}

/** Returns the source of an application that runs all examples. */
function applicationOf(all: [string, string][]): string {
  const functions = all.map(([name, code]) => `  async ${name}() {${scope}\n    {\n${code}    }\n  },\n`);
  return `import { ApiError, AuthenticationApi, Configuration } from 'budgea-auth-gateway-client';

const { BASE_PATH: basePath = '' } = process.env;
const { client_id, client_secret } = ${JSON.stringify(client)};
const manage_token = ${JSON.stringify(adminToken)};
const redirect_uri = ${JSON.stringify(redirect_uri)};

const examples = {
${functions.join('\n')}};

const outcomes: Record<string, string> = {};
for (const [name, example] of Object.entries(examples)) {
  outcomes[name] = await example().then(() => 'done', String);
}
console.log(JSON.stringify(outcomes));
`;
}
