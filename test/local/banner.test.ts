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

const bannerText = (manageTokenError?: unknown) =>
  stripVTControlCharacters(banner({ file: gateway.file, manageTokenError }, { data: '/tmp/another folder' }));

test('every example call works, in order', async () => {
  const calls = bannerText().match(/^ {2}curl .*/gm) ?? [];
  expect(calls).toHaveLength(5);
  let user = { id_user: 0, auth_token: '' };
  for (const call of calls) {
    const pasted = call.replace('ID_USER', String(user.id_user)).replace('AUTH_TOKEN', user.auth_token);
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `${pasted} --silent --fail`]);
    const answer = JSON.parse(stdout) as object;
    if ('auth_token' in answer) user = answer as typeof user;
  }
});

test('every page opens, and every address responds', async () => {
  const [pages = '', addresses = ''] = bannerText().split('Servers');
  for (const [url] of pages.matchAll(/http:\S+/g)) expect([url, (await fetch(url)).status]).toEqual([url, 200]);
  for (const [url] of addresses.matchAll(/http:\S+(?= *(?:\(|$))/gm))
    expect((await fetch(url)).status).toBeLessThan(500);
});

test('the commands name the state folder', () => {
  const commands =
    bannerText(new ApiError('admin_jwt_post', 401, {}, {})).match(/npm run gateway -- (?!--help).*/g) ?? [];
  expect(commands.map((command) => command.replace(/ +#.*/, ''))).toEqual(
    ['secrets set admin-token', 'secrets set client-credentials', 'tail', 'doctor'].map(
      (command) => `npm run gateway -- ${command} --data '/tmp/another folder'`,
    ),
  );
});
