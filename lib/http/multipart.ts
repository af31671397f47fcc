import { Busboy } from '@fastify/busboy';
import { invalid, uniqueFields, type RawFields } from './body.ts';

/** Reads `multipart/form-data`, text fields alone. Throws GatewayError `invalidValue`. */
export function parseMultipart(bytes: Buffer, contentType: string): Promise<RawFields> {
  return new Promise((resolve, reject) => {
    const broken = () => reject(invalid('The body is not valid multipart/form-data.'));
    try {
      const pairs: [string, string][] = [];
      const headers = { 'content-type': contentType };
      const parser = new Busboy({ headers, limits: { fields: 100, files: 0, parts: 100, headerPairs: 20 } });
      parser.on('field', (name, value) => pairs.push([name, value]));
      for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) parser.on(limit, broken);
      parser.on('error', broken);
      parser.on('finish', () => {
        try {
          resolve(uniqueFields(pairs));
        } catch (error) {
          reject(error);
        }
      });
      parser.end(bytes);
    } catch {
      broken();
    }
  });
}
