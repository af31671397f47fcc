import type { CallerKind } from '../operations.ts';
import type { Answer, Document, DocumentedOperation, Reference } from './document.ts';
import { html, joined, phrase, prose, type Html } from './html.ts';
import type { Schema } from './schema.ts';
import { limitsOf, shapeOf } from './shape.ts';
import { styleElement } from './style.ts';

/** Who calls, and what such a caller sends. */
const callers: Record<CallerKind, string> = {
  client:
    'A partner with its client id and its key, as `client_id` and `client_secret` in the body where there is one, or in HTTP Basic.',
  manager: 'A partner with its key in `Authorization`, after `Bearer` or alone; its grants and its own users count.',
  identified: 'A partner with its key in `x-api-key`, who only has to be known.',
  token: 'Whoever has a token of the API, in `Authorization`, after `Bearer` or alone; it is passed on as it is.',
  anonymous: 'Anyone; credentials are not looked at.',
};

/** An operation with its method and its path. */
interface Listed {
  method: string;
  path: string;
  operation: DocumentedOperation;
}

/** One field of a request, wherever it travels. */
interface Field {
  name: string;
  in: string;
  required: boolean;
  schema: Schema;
}

/** The page that shows a document to people: it has no script and asks for nothing. `documentPath` is where the document itself is. */
export function apiPage(document: Document, documentPath: string): string {
  const { info, servers, paths } = document;
  const listed = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title}</title>
        ${styleElement}
      </head>
      <body>
        <header>
          <h1>${info.title}</h1>
          ${prose(info.description)}
          <p>
            Base URL:
            ${joined(
              servers.map(({ url }) => html`<code>${url}</code>`),
              ', ',
            )}.
            The same as an <a href="${documentPath}">OpenAPI document</a>.
          </p>
          <nav aria-label="Operations">
            <h2>Operations</h2>
            <ul>
              ${listed.map(
                ({ operation: { operationId }, method, path }) =>
                  html`<li>
                    <a href="#${operationId}"><span class="method">${method}</span> <code>${path}</code></a>
                  </li> `,
              )}
            </ul>
          </nav>
        </header>
        <main>
          <section aria-labelledby="callers">
            <h2 id="callers">Who may call</h2>
            <dl>
              ${Object.entries(callers).map(
                ([kind, who]) =>
                  html`<dt id="caller-${kind}">${kind}</dt>
                    <dd>${phrase(who)}</dd> `,
              )}
            </dl>
          </section>
          ${listed.map((each) => operationSection(each, document))}
        </main>
      </body>
    </html> `;
  return page.text;
}

function operationSection({ method, path, operation }: Listed, document: Document): Html {
  const { operationId, summary } = operation;
  const samples = operation['x-codeSamples'].map(({ source }) => html`<pre>${source}</pre>`);
  const kinds = operation['x-accepts'].map((kind) => html`<a href="#caller-${kind}">${kind}</a>`);
  return html`<section aria-labelledby="${operationId}">
    <h2 id="${operationId}"><span class="method">${method}</span> <code>${path}</code></h2>
    <p>${phrase(summary)}</p>
    <p>Who may call: ${joined(kinds, ', ')}</p>
    ${samples} ${fieldsTable(fieldsOf(operation))} ${answersTable(operation, document)}
  </section> `;
}

function fieldsOf({ parameters = [], requestBody }: DocumentedOperation): Field[] {
  const { properties = {}, required = [] } = Object.values(requestBody?.content ?? {})[0]?.schema ?? {};
  const inBody = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'body',
    required: required.includes(name),
    schema,
  }));
  return [
    ...parameters.map(({ description, ...each }) => ({ ...each, schema: { ...each.schema, description } })),
    ...inBody,
  ];
}

function fieldsTable(fields: readonly Field[]): Html | undefined {
  if (fields.length === 0) return undefined;
  const rows = fields.map(
    ({ name, in: place, required, schema }) =>
      html`<tr>
        <th scope="row"><code>${name}</code></th>
        <td>${place}</td>
        <td>${required ? 'yes' : 'no'}</td>
        <td>${phrase(shapeOf(schema))}</td>
        <td>${phrase(limitsOf(schema))}</td>
      </tr> `,
  );
  return html`<h3>Fields</h3>
    ${table(['Field', 'In', 'Required', 'Type', 'Value'], rows)}`;
}

function answersTable({ responses }: DocumentedOperation, document: Document): Html {
  const answers = Object.entries(responses).map(([status, answer]) => [status, resolved(answer, document)] as const);
  const good = answers.filter((answer) => !isRefusal(answer));
  const bad = answers.filter(isRefusal);
  const statuses = bad.map(([status]) => named(status)).join(', ');
  return html`<h3>Answers</h3>
    ${table(['Status', 'Answer'], good.map(answerRow))}
    <details>
      <summary>Refusals: ${statuses}</summary>
      ${table(['Status', 'Answer'], bad.map(answerRow))}
    </details>`;
}

function answerRow([status, { description, content = {} }]: readonly [string, Answer]): Html {
  const json = content['application/json']?.schema;
  const isOwn = json !== undefined && json.$ref === undefined;
  return html`<tr>
    <th scope="row">${named(status)}</th>
    <td>${phrase(description)}${isOwn ? html`<br />${phrase(shapeOf(json))}` : ''}</td>
  </tr> `;
}

const isRefusal = ([status]: readonly [string, Answer]) => !/^[23]/.test(status);

const named = (status: string) => (status === 'default' ? 'others' : status);

function resolved(answer: Answer | Reference, { components }: Document): Answer {
  if (!('$ref' in answer)) return answer;
  const name = answer.$ref.split('/').at(-1) ?? '';
  return components.responses[name] ?? { description: name };
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
