import { publishedDocument } from '#lib/openapi/page.ts';
import { write } from './write.ts';

// A program of its own: the one that makes the examples has the old ones loaded.
await write('docs/openapi.json', publishedDocument());
