import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { buildClient } from './build.ts';

// Builds and packs the client, and reports wrong fields in its manifest and types that imports do not find.

const folder = await mkdtemp(join(tmpdir(), 'client-'));
try {
  const built = join(folder, 'built');
  await buildClient(built);
  const tarball = await pack(built, folder);
  const errors = [...(await manifestErrors(tarball)), ...(await typeErrors(tarball))];
  for (const error of errors) process.stderr.write(`The client's package: ${error}\n`);
  if (errors.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

async function pack(built: string, into: string): Promise<Buffer> {
  const { stdout } = await promisify(execFile)('npm', ['pack', built, '--pack-destination', into, '--silent']);
  return readFile(join(into, stdout.trim()));
}

async function manifestErrors(tarball: Buffer): Promise<string[]> {
  const { messages, pkg } = await publint({ pack: { tarball: toArrayBuffer(tarball) }, strict: true });
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
}

async function typeErrors(tarball: Buffer): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(tarball));
  if (!result.types) return ['no types'];
  return result.problems.filter(concernsEsm).map(({ kind }) => kind);
}

/** The package is only ESM, which `require` of every supported Node can load; resolutions without `exports` are not supported. */
function concernsEsm(problem: Problem): boolean {
  return (
    !('resolutionKind' in problem) || problem.resolutionKind === 'node16-esm' || problem.resolutionKind === 'bundler'
  );
}

function toArrayBuffer({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
