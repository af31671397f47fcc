import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { buildClient } from './build.ts';

// Builds the client, packs it, and says what an application would have to suffer from: wrong fields, or types that an import does not find.

const folder = await mkdtemp(join(tmpdir(), 'client-'));
try {
  const built = join(folder, 'built');
  await buildClient(built);
  const tarball = await pack(built, folder);
  const complaints = [...(await badFields(tarball)), ...(await wrongTypes(tarball))];
  for (const complaint of complaints) process.stderr.write(`The client's package: ${complaint}\n`);
  if (complaints.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

async function pack(built: string, into: string): Promise<Buffer> {
  const { stdout } = await promisify(execFile)('npm', ['pack', built, '--pack-destination', into, '--silent']);
  return readFile(join(into, stdout.trim()));
}

async function badFields(tarball: Buffer): Promise<string[]> {
  const { messages, pkg } = await publint({ pack: { tarball: toArrayBuffer(tarball) }, strict: true });
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
}

async function wrongTypes(tarball: Buffer): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(tarball));
  if (!result.types) return ['it has no types'];
  return result.problems.filter(concernsEsm).map(({ kind }) => kind);
}

/** The package is ESM alone, which `require` of every Node that it supports can load; resolutions older than `exports` are not supported. */
function concernsEsm(problem: Problem): boolean {
  return (
    !('resolutionKind' in problem) || problem.resolutionKind === 'node16-esm' || problem.resolutionKind === 'bundler'
  );
}

function toArrayBuffer({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
