import { readdir, readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { join } from 'node:path';

// Checks the workflows with GitHub's own parser, and that they use other repositories' actions by commit: a tag can be moved.

// The parser is published for bundlers: it imports JSON without the attribute that Node requires.
registerHooks({
  load: (url, context, nextLoad) =>
    nextLoad(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
});
const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');

const folder = '.github/workflows';
for (const name of await readdir(folder)) {
  const content = await readFile(join(folder, name), 'utf8');
  const { context } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const uses = [...content.matchAll(/\buses: *([^\s#]+)/g)].map(([, action = '']) => action);
  const unpinned = uses.filter((action) => !/^\.\/|@[0-9a-f]{40}$/.test(action));
  const problems = [
    ...context.errors.getErrors().map(({ message }) => message),
    ...unpinned.map((action) => `${name}: ${action} is not pinned to a commit`),
  ];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
