import { publishedDocument } from '#lib/openapi/page.ts';
import { write } from './write.ts';

// A separate program, because the recording has loaded the previous examples.
await write('docs/openapi.json', publishedDocument());
