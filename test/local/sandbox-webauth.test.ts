import { describe, expect, test } from 'vitest';
import { CONTRACT, sandboxForThisFile } from './sandbox-harness.ts';

const { call, newUser, newCode, exchange, manageToken, advance, url } = sandboxForThisFile();
const HOME = 'https://app.example/home';

function webauth(fields: Record<string, string> = {}) {
  const query = { client_id: String(CONTRACT.client.client_id), redirect_uri: HOME, ...fields };
  return call(`GET /webauth?${new URLSearchParams(query).toString()}`);
}

/** Visits the bank page and decides; gives what comes home. */
async function visit(decision: 'approve' | 'refuse', fields: Record<string, string> = {}) {
  const page = locationOf(await webauth(fields));
  return new URL(locationOf(await call(`POST ${page}`, { form: { decision } })));
}

function locationOf({ headers }: { headers: Headers }): string {
  return headers.get('location') ?? '';
}

async function connectionsOf(token: string) {
  return (await call('GET /users/me?expand=connections', { token })).body['connections'];
}

describe('GET /webauth', () => {
  test('sends the browser to the bank page', async () => {
    const received = await webauth({ state: 'x' });
    expect(received.status).toBe(307);
    expect(locationOf(received)).toMatch(new URL('/bank/', url()).href);
  });

  test('knows a redirect_uri to the letter, and refuses another without a redirect', async () => {
    for (const redirect_uri of [
      `${HOME}/`,
      'https://APP.example/home',
      'https://app.example/with?query=1',
      'https://evil.example',
      'x',
    ]) {
      const received = await webauth({ redirect_uri });
      expect(received).toMatchObject({ status: 400, body: { code: 'invalidValue' } });
      expect(received.headers.has('location')).toBe(false);
      expect(received.text).not.toContain(HOME);
    }
    expect(await webauth({ redirect_uri: '' })).toMatchObject({ status: 400, body: { code: 'missingParameter' } });
  });

  test('refuses an unknown client, code, connection or number', async () => {
    expect(await webauth({ client_id: '' })).toMatchObject({ status: 400, body: { code: 'missingParameter' } });
    expect(await webauth({ client_id: '87654321' })).toMatchObject({ status: 401, body: { code: 'invalidClient' } });
    expect(await webauth({ token: 'unknown' })).toMatchObject({ status: 400, body: { code: 'invalidCode' } });
    expect(await webauth({ id_connection: '999999' })).toMatchObject({ status: 404, body: { code: 'notFound' } });
    expect(await webauth({ id_connector: 'x' })).toMatchObject({ status: 400, body: { code: 'invalidValue' } });
  });
});

describe('the bank page', () => {
  test('asks in plain HTML that needs nothing else', async () => {
    const { status, text, headers } = await call(
      `GET ${locationOf(await webauth({ id_connector: '59', state: '"><b>' }))}`,
    );
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain('<html lang="en">');
    expect(text).toContain('<button name="decision" value="approve">');
    expect(text).toContain('59');
    expect(text).not.toMatch(/<script|<b>|src=|https?:\/\/(?!app\.example)/);
  });

  test('approving connects the user of the code', async () => {
    const { token } = await newUser();
    const home = await visit('approve', { token: await newCode(token), state: 'a b&c', id_connector: '59' });
    expect(home.href.split('?')[0]).toBe(HOME);
    expect(Object.fromEntries(home.searchParams)).toEqual({
      id_connection: expect.stringMatching(/^\d+$/),
      state: 'a b&c',
    });
    const id = Number(home.searchParams.get('id_connection'));
    expect(await connectionsOf(token)).toEqual([expect.objectContaining({ id, id_connector: 59 })]);
  });

  test('approving without a code makes a user, whom the application keeps by the code that it is sent', async () => {
    const home = await visit('approve', { state: 's' });
    const code = home.searchParams.get('code') ?? '';
    expect(await exchange(code, { redirect_uri: 'myapp://home' })).toMatchObject({
      status: 400,
      body: { code: 'invalidCode' },
    });
    const { body } = await exchange(code, { redirect_uri: HOME });
    const id = Number(home.searchParams.get('id_connection'));
    expect(await connectionsOf(String(body['access_token']))).toEqual([expect.objectContaining({ id })]);
    expect(await exchange(code)).toMatchObject({ status: 400, body: { code: 'invalidCode' } });
  });

  test('refusing creates no connection', async () => {
    const { token } = await newUser();
    const home = await visit('refuse', { token: await newCode(token), state: 's' });
    expect(Object.fromEntries(home.searchParams)).toEqual({
      error: 'access_denied',
      error_description: expect.any(String),
      state: 's',
    });
    expect(await connectionsOf(token)).toEqual([]);
  });

  test('a missing state comes back as the text null, an empty one empty', async () => {
    expect((await visit('refuse')).searchParams.get('state')).toBe('null');
    expect((await visit('refuse', { state: '' })).searchParams.get('state')).toBe('');
  });

  test('redirects to an application scheme as it was written', async () => {
    expect((await visit('refuse', { redirect_uri: 'myapp://home' })).href).toMatch(/^myapp:\/\/home\?error=/);
  });

  test('renews a connection of the same user, and of no other', async () => {
    const [one, two] = [await newUser(), await newUser()];
    const connected = await visit('approve', { token: await newCode(one.token) });
    const id_connection = connected.searchParams.get('id_connection') ?? '';
    const renewed = await visit('approve', { token: await newCode(one.token), id_connection });
    expect(renewed.searchParams.get('id_connection')).toBe(id_connection);
    expect(await connectionsOf(one.token)).toHaveLength(1);
    expect(await webauth({ token: await newCode(two.token), id_connection })).toMatchObject({ status: 404 });
    expect((await visit('approve', { id_connection })).searchParams.get('id_connection')).toBe(id_connection);
  });

  test('a double click, and a way back, decide once', async () => {
    const { token } = await newUser();
    const page = locationOf(await webauth({ token: await newCode(token) }));
    const approve = () => call(`POST ${page}`, { form: { decision: 'approve' } });
    const [first, second] = await Promise.all([approve(), approve()]);
    expect(locationOf(first)).toBe(locationOf(second));
    expect(locationOf(await call(`POST ${page}`, { form: { decision: 'refuse' } }))).toBe(locationOf(first));
    expect((await call(`GET ${page}`)).text).toContain('You have already decided');
    expect(await connectionsOf(token)).toHaveLength(1);
  });

  test('a visit ends after half an hour, and with its user', async () => {
    const { token } = await newUser();
    const [late, orphaned] = [await webauth(), await webauth({ token: await newCode(token) })].map(locationOf);
    await call('DELETE /users/me', { token });
    expect(await call(`POST ${orphaned}`, { form: { decision: 'approve' } })).toMatchObject({ status: 404 });
    await advance(1800);
    expect(await call(`GET ${late}`)).toMatchObject({
      status: 404,
      text: expect.stringContaining('This page has expired'),
    });
  });

  test('refuses anything but a decision', async () => {
    const page = locationOf(await webauth());
    expect(await call(`POST ${page}`, { form: { decision: 'later' } })).toMatchObject({ status: 400 });
    expect(await call(`POST ${page}`)).toMatchObject({ status: 400 });
  });

  test('has a page to come home to that shows what was carried, safely', async () => {
    const { text } = await call(`GET ${new URL('/bank/home?state=%3Cb%3E', url()).href}`);
    expect(text).toContain('&#60;b&#62;');
    expect(text).not.toContain('<b>');
  });
});

describe('DELETE /hash', () => {
  test('deletes only the connections of the user', async () => {
    const [one, two] = [await newUser(), await newUser()];
    for (const { token } of [one, one, two]) await visit('approve', { token: await newCode(token) });
    expect(await call('DELETE /hash', { token: one.token })).toMatchObject({ status: 204, text: '' });
    expect(await connectionsOf(one.token)).toEqual([]);
    expect(await connectionsOf(two.token)).toHaveLength(1);
    expect(await call('DELETE /hash', { token: await manageToken() })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  });

  test('a deleted user leaves no connection behind', async () => {
    const { token } = await newUser();
    const id_connection =
      (await visit('approve', { token: await newCode(token) })).searchParams.get('id_connection') ?? '';
    await call('DELETE /users/me', { token });
    expect(await webauth({ id_connection })).toMatchObject({ status: 404 });
  });
});
