import { openApiDocument } from '../openapi.ts';
import type { Document } from './document.ts';

/** The document as `docs/openapi.json` has it, of a gateway at an address that stands for every partner’s. */
export const publishedDocument = (): Document => openApiDocument('https://gateway.example/2.0');
