import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import scalar from '@scalar/fastify-api-reference';
import fastify from 'fastify';

/** A script: its gzip-compressed content in base64, as Lambda returns binary bodies, and the base64url SHA-256 of that content. */
interface Script {
  base64: string;
  hash: string;
}

/** Scalar's script, which renders an OpenAPI document. Evaluated when functions are bundled, so that bundles contain only the value. */
export const scalarScript: Script = await load();

/** Returns the script through Scalar's Fastify plugin, because the package does not export it. */
async function load(): Promise<Script> {
  const app = fastify();
  await app.register(scalar, { configuration: { url: 'openapi.json' } });
  const { body } = await app.inject('/reference/js/scalar.js');
  await app.close();
  const licence = '/*! Scalar API Reference, MIT licence, https://github.com/scalar/scalar */\n';
  // The source map is not served, so the reference to it is removed.
  const compressed = gzipSync(licence + body.replace(/\n\/\/# sourceMappingURL=.*$/, ''), { level: 9 });
  return { base64: compressed.toString('base64'), hash: createHash('sha256').update(compressed).digest('base64url') };
}
