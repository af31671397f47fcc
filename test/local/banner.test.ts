import { execFile } from 'node:child_process';
import { stripVTControlCharacters, promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiError } from '#lib/budgea/authentication-api.ts';
import { banner } from '#local/banner.ts';
import { startGateway, type Gateway } from '../gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const shown = (refusal?: unknown) =>
  stripVTControlCharacters(banner({ file: gateway.file, refusal }, { data: '/tmp/another folder' }));

test('every call that it shows works as it stands, in its order', async () => {
  const calls = shown().match(/^ {2}curl .*/gm) ?? [];
  expect(calls).toHaveLength(5);
  let user = { id_user: 0, auth_token: '' };
  for (const call of calls) {
    const pasted = call.replace('ID_USER', String(user.id_user)).replace('AUTH_TOKEN', user.auth_token);
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `${pasted} --silent --fail`]);
    const answer = JSON.parse(stdout) as object;
    if ('auth_token' in answer) user = answer as typeof user;
  }
});

test('every page that it shows opens, and every address answers', async () => {
  const [pages = '', addresses = ''] = shown().split('For programs');
  for (const [url] of pages.matchAll(/http:\S+/g)) expect([url, (await fetch(url)).status]).toEqual([url, 200]);
  for (const [url] of addresses.matchAll(/http:\S+(?= *(?:\(|$))/gm))
    expect((await fetch(url)).status).toBeLessThan(500);
});

test('the commands that it shows are for its own state folder', () => {
  const commands = shown(new ApiError('admin_jwt_post', 401, {}, {})).match(/npm run gateway -- (?!--help).*/g) ?? [];
  expect(commands.map((command) => command.replace(/ +#.*/, ''))).toEqual(
    ['secrets set admin-token', 'secrets set client-credentials', 'tail', 'doctor'].map(
      (command) => `npm run gateway -- ${command} --data '/tmp/another folder'`,
    ),
  );
});
