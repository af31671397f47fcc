import { escapeHtml } from '../http/respond.ts';

/** A piece of a page. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What can stand in a template; nothing stands for nothing. */
type Part = Html | string | number | undefined | readonly Part[];

/** Makes a piece of a page; text in it is escaped, pieces are not. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: literals }, ...parts.map(written)));
}

/** Text in which `backticks` mark code and empty lines part paragraphs. */
export function prose(text: string): Html {
  return html`${text.split('\n\n').map((paragraph) => html`<p>${phrase(paragraph)}</p> `)}`;
}

/** Text in which `backticks` mark code. */
export function phrase(text: string): Html {
  return html`${text.split('`').map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

/** Pieces with a separator between them. */
export function joined(pieces: readonly Html[], separator: string): Html {
  return html`${pieces.map((piece, index) => (index === 0 ? piece : html`${separator}${piece}`))}`;
}

function written(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  return typeof part === 'object' ? part.map(written).join('') : escapeHtml(String(part));
}
