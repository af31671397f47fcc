import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import scalar from '@scalar/fastify-api-reference';
import fastify from 'fastify';

/** A script, compressed with gzip and in base64, as Lambda answers with bytes, and what its content is known by. */
interface Script {
  base64: string;
  hash: string;
}

/** Scalar's script, which makes a page of an OpenAPI document. Bundles hold this value and not the modules that give it. */
export const scalarScript: Script = await make();

/** Scalar's plugin for Fastify serves the script and exports it nowhere. */
async function make(): Promise<Script> {
  const app = fastify();
  await app.register(scalar, { configuration: { url: 'openapi.json' } });
  const { body } = await app.inject('/reference/js/scalar.js');
  await app.close();
  const licence = '/*! Scalar API Reference, MIT licence, https://github.com/scalar/scalar */\n';
  // The map is not served: nobody should ask for it.
  const compressed = gzipSync(licence + body.replace(/\n\/\/# sourceMappingURL=.*$/, ''), { level: 9 });
  return { base64: compressed.toString('base64'), hash: createHash('sha256').update(compressed).digest('base64url') };
}
