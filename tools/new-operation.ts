import { access, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { format } from 'prettier';
import { functionName } from '#lib/operations/table.ts';

// Writes the skeleton of an operation. docs/adding-an-operation.md describes what to fill in.

/** An operation that does not exist yet. */
interface NewOperation {
  id: string;
  method: 'GET' | 'POST' | 'DELETE';
  /** Relative to `/2.0`, with `{parameters}`. */
  path: string;
}

/** Text for a file that exists: it goes before the first occurrence of `before`, or to the end. */
interface Addition {
  before?: string;
  text: (operation: NewOperation) => string;
}

const methodName = ({ id }: NewOperation): string =>
  id.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const route = ({ method, path }: NewOperation): string => `${method} ${path}`;
const parametersOf = ({ path }: NewOperation): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

const additions: Readonly<Record<string, Addition | readonly Addition[]>> = {
  'lib/operations/table.ts': {
    before: '  webauth_callback_get: {',
    text: (operation) => `${operation.id}: {
      ...specification.${operation.id},
      summary: 'TODO: describe the operation in one sentence.',
      fields: '${operation.method === 'POST' ? 'body' : 'query'}',
      request: requests.${methodName(operation)},
      accepts: ['token'],
      errorFormat: 'envelope',
      needs: nothing,
    },\n`,
  },
  'lib/operations/requests.ts': {
    text: (operation) => `
      /** \`${route(operation)}\`. */
      export const ${methodName(operation)} = lazy(() =>
        v.object({ ${parametersOf(operation)
          .map((name) => `${name}: userIdOrWord(),`)
          .join(' ')} }),
      );\n`,
  },
  'lib/budgea/specification.ts': {
    before: '} as const satisfies Record<string, Specified>;',
    text: ({ id, method, path }) =>
      `${id}: { ...${{ GET: 'get', POST: 'postForm', DELETE: 'remove' }[method]}, path: '${path}', response: 'empty' },\n`,
  },
  'lib/budgea/authentication-api.ts': {
    before: '  async #call<',
    text: (operation) => {
      const names = parametersOf(operation);
      return `/**
       * TODO: describe the operation.
       *
       * @example
       * await user.${methodName(operation)}(${names.map(() => `'me'`).join(', ')});
       */
      ${methodName(operation)}(${names.map((name) => `${name}: number | string, `).join('')}call?: CallOptions): Promise<void> {
        return this.#call('${operation.id}', { ${names.map((name) => `${name}: String(${name})`).join(', ')} }, {}, call);
      }\n\n`;
    },
  },
  'lib/openapi/descriptions.ts': {
    before: '  webauth_callback_get: {',
    text: ({ id }) => `${id}: {
      title: 'TODO: a title',
      tag: 'Tokens',
      details: 'TODO: what a partner needs to know.',
      fields: {},
      answer: {},
    },\n`,
  },
  'tools/openapi/examples.ts': {
    before: '  webauth_get: {',
    text: ({ id, path }) => {
      const parameters = path.includes('{') ? ", path: { id_user: 'me' }" : '';
      return `${id}: {
        typical: async ({ newUser, newToken }) => ({ ...byToken(await newToken(await newUser()))${parameters} }),
        async record({ call, user }) {
          await call({ ...byToken(user.token)${parameters}, summary: 'TODO: what the example shows' });
        },
      },\n`;
    },
  },
  'test/operations/expectations.ts': [
    {
      before: '  webauth_callback_get: {',
      text: (operation) => `${operation.id}: {
        routes: ['${route(operation)}'],
        accepts: ['token'],
      },\n`,
    },
    { before: '  webauth_callback_get: [', text: ({ id }) => `${id}: [],\n` },
  ],
};

const newFiles: readonly ((operation: NewOperation) => [file: string, text: string])[] = [
  (operation) => {
    const names = parametersOf(operation);
    const values = names.join(', ');
    return [
      `functions/${functionName(operation.id)}.ts`,
      `import { serve } from '#lib/http/serve.ts';
      import { forwardingClient } from '#lib/secrets/upstream.ts';

      /** \`${route(operation)}\`: TODO. */
      export const handler = serve('${operation.id}', (call${values === '' ? '' : `, { ${values} }`}) =>
        forwardingClient(call).${methodName(operation)}(${values}),
      );\n`,
    ];
  },
  (operation) => [
    `local/sandbox/operations/${functionName(operation.id)}.ts`,
    `import { requireUser } from '../authorization.ts';
    import type { Operation } from '../call.ts';

    /** \`${route(operation)}\`: TODO. */
    export const ${methodName(operation)}: Operation = async (budgea, call) => {
      await requireUser(budgea, call);
      return { status: 204 };
    };\n`,
  ],
  (operation) => [
    `test/operations/${functionName(operation.id)}.test.ts`,
    `import { expect, test } from 'vitest';
    import { transports } from '../gateway.ts';
    import { errorResponse } from '../responses.ts';
    import { startOperationContext } from './fixture.ts';

    const { gateway, token } = await startOperationContext();
    const path = '${operation.path.replaceAll(/\{\w+\}/g, 'me')}';

    test.each(transports)('${route(operation)} by %s', async (transport) => {
      expect(await gateway.call[transport]('${operation.method}', path, token)).toMatchObject({ status: 204 });
      expect(await gateway.call[transport]('${operation.method}', path)).toMatchObject(errorResponse(401, 'unauthorized'));
    });\n`,
  ],
];

/** Writes the skeleton of an operation below a folder and returns the changed files. Throws if the operation exists or a place is not found. */
export async function writeSkeleton(root: string, operation: NewOperation): Promise<string[]> {
  const changed = await Promise.all([
    ...Object.entries(additions).map(async ([file, parts]) => {
      const content = await readFile(resolve(root, file), 'utf8');
      return [file, [parts].flat().reduce((text, part) => add(file, text, part, operation), content)] as const;
    }),
    ...newFiles.map(async (make) => {
      const [file, text] = make(operation);
      const exists = await access(resolve(root, file)).then(
        () => true,
        () => false,
      );
      if (exists) throw new Error(`${file} already exists`);
      return [file, text] as const;
    }),
  ]);
  for (const [file, text] of changed) {
    const formatted = await format(text, { parser: 'typescript', printWidth: 120, singleQuote: true });
    await writeFile(resolve(root, file), formatted);
  }
  return changed.map(([file]) => file);
}

function add(file: string, content: string, { before, text }: Addition, operation: NewOperation): string {
  const at = before === undefined ? content.length : content.indexOf(before);
  if (at === -1) throw new Error(`${file} has no line "${before?.trim()}"`);
  return content.slice(0, at) + text(operation) + content.slice(at);
}

const matching = (pattern: RegExp, expected: string) => (text: string) => {
  if (!pattern.test(text)) throw new InvalidArgumentError(`Expected ${expected}.`);
  return text;
};

if (import.meta.main) {
  await new Command('npm run new-operation --')
    .description('Write the skeleton of an operation')
    .argument('<id>', 'id, such as auth_renew_post', matching(/^[a-z]+(_[a-z]+)+$/, 'an id such as auth_renew_post'))
    .addArgument(new Argument('<method>', 'HTTP method').choices(['GET', 'POST', 'DELETE']))
    .argument('<path>', 'path relative to /2.0', matching(/^(\/([a-z-]+|\{\w+\}))+$/, 'a path such as /auth/renew'))
    .addHelpText('after', '\nExample:\n  npm run new-operation -- auth_renew_post POST /auth/renew')
    .action(async (id: string, method: NewOperation['method'], path: string) => {
      const files = await writeSkeleton(resolve(import.meta.dirname, '..'), { id, method, path });
      process.stdout.write(`${files.join('\n')}\n\nNext: docs/adding-an-operation.md\n`);
    })
    .parseAsync();
}
