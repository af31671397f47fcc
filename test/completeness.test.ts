import { access, readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { specification } from '#lib/budgea/specification.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { basePath, functionName, operations, type Operation } from '#lib/operations/table.ts';
import { pages, type Page } from '#lib/operations/routes.ts';
import { loadRoutes } from '#local/routes.ts';

/** The one operation of the gateway's own: where a browser comes back to. */
const own = ['webauth_callback_get'];

const rows: [string, Operation][] = Object.entries(operations);
const within = (path: string) => new URL(`../${path}`, import.meta.url);

describe('the table of operations', () => {
  test('has a row for each operation of the specification, and the gateway’s own', () => {
    expect(rows.map(([id]) => id).toSorted()).toEqual([...Object.keys(specification), ...own].toSorted());
    expect(Object.keys(specification)).toHaveLength(12);
  });

  test('has a row for each function, except pages and scheduled jobs', async () => {
    const named = Object.keys({ ...operations, ...pages, ...jobs }).map((id) => `${functionName(id)}.ts`);
    expect((await readdir(within('functions'))).toSorted()).toEqual(named.toSorted());
  });

  test('has no route twice', async () => {
    const routes = (await loadRoutes()).map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(new Set(routes).size).toBe(routes.length);
  });
});

describe.each(rows)('%s', (id, { method, alsoMethod, path, summary, request, accepts, fields }) => {
  test('has a function that exports its handler', async () => {
    const exported: unknown = await import(within(`functions/${functionName(id)}.ts`).href);
    expect(exported).toMatchObject({ handler: expect.any(Function) as unknown });
  });

  test('has its routes on the local gateway', async () => {
    const routes = (await loadRoutes()).filter((route) => route.functionName === functionName(id));
    expect(routes.map((route) => `${route.method} ${route.path}`)).toEqual(
      [method, alsoMethod].filter((each) => each !== undefined).map((each) => `${each} ${basePath}${path}`),
    );
  });

  test('has a test of its own', async () => {
    await expect(access(within(`test/operations/${functionName(id)}.test.ts`))).resolves.toBeUndefined();
  });

  test('has a request schema that knows the path’s parameters', () => {
    const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(request().entries)).toEqual(expect.arrayContaining(parameters));
  });

  test('says what it does in one sentence, where its fields are, and who may call it', () => {
    expect(summary).toMatch(/^[A-Z].*\.$/);
    expect(fields).toBe(method === 'POST' ? 'body' : 'query');
    expect(accepts.length).toBeGreaterThan(0);
    expect(new Set(accepts).size).toBe(accepts.length);
    // Credentials are looked at, or they are not.
    expect(accepts.includes('anonymous')).toBe(accepts.length === 1 && accepts[0] === 'anonymous');
  });
});

describe.each(Object.entries<Page>(pages))('%s', (id, { paths }) => {
  test('has its routes on the local gateway', async () => {
    const routes = (await loadRoutes()).filter((route) => route.functionName === functionName(id));
    expect(routes.map((route) => `${route.method} ${route.path}`)).toEqual(paths.map((path) => `GET ${path}`));
  });
});
