import type { Needs } from './operations.ts';

/** What a function needs that shows pages to whoever asks, and where they are. */
export interface Page {
  /** From the root, beside the API; all of them are `GET`. */
  paths: readonly string[];
  needs: Needs;
}

/** The table of functions that only show something. An environment has them if it says so. */
export const pages = {
  api_page_get: {
    paths: ['/docs', '/docs/scalar.js', '/openapi.json'],
    needs: { secrets: [], items: {}, settings: ['GATEWAY_URL'] },
  },
} as const satisfies Record<string, Page>;

/** The name of a row. */
export type PageId = keyof typeof pages;
