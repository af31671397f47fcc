import { recordExamples } from './record.ts';
import { write } from './write.ts';

await write('lib/openapi/examples.json', await recordExamples());
