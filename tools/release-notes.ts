import { readFile } from 'node:fs/promises';

/** Returns the entry for a version in a changelog, without its heading. Throws if there is none. */
export function releaseNotes(changelog: string, version: string): string {
  const entries = changelog.split(/^## /m).map((entry) => entry.split('\n'));
  const entry = entries.find(([heading = '']) => heading.startsWith(`[${version}] `));
  if (entry === undefined) throw new Error(`CHANGELOG.md has no entry for ${version}.`);
  return entry.slice(1).join('\n').trim();
}

// `node tools/release-notes.ts v1.2.3` prints the notes for a tag, which has to be the version of package.json.
if (import.meta.main) {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }; // The project's own.
  const [, , tag] = process.argv;
  if (tag !== `v${version}`) throw new Error(`The tag is ${tag}, and package.json has the version ${version}.`);
  process.stdout.write(`${releaseNotes(await readFile('CHANGELOG.md', 'utf8'), version)}\n`);
}
