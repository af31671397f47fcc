import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { codePoint } from '../code-point.ts';
import { withSetting } from '../conditions.ts';
import { startSecretsManager, type RunningSecretsManager } from '#local/secrets-manager/server.ts';
import { useLocal } from '#lib/config/process-env.ts';
import { awsKey } from '../aws-key.ts';
import { countReads, keyNamed } from './sealing-keys.ts';

let secretsManager: RunningSecretsManager;

beforeAll(async () => {
  secretsManager = await startSecretsManager({ port: 0, accessKeyId: awsKey.accessKeyId });
  useLocal({ secretsManager: secretsManager.url, dynamodb: 'http://127.0.0.1:9', aws: awsKey });
});
afterAll(() => secretsManager.close());

const keys = { next: keyNamed('three'), current: keyNamed('two'), previous: keyNamed('one') };
const state = { partner: '12345678', redirectUri: 'https://app.example/home', state: 'mine' };

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2031, 0, 1) });
  await write(keys);
});
afterEach(() => vi.useRealTimers());

async function write(value: unknown): Promise<void> {
  const { writeSecret } = await import('#local/secrets.ts');
  await writeSecret('sealing-keys', value);
}

/** Returns a module instance with an empty cache. */
async function newContainer() {
  vi.resetModules();
  return import('#lib/webauth/state.ts');
}

const bytesOf = (sealed: string) => Buffer.from(sealed.split('.')[1] ?? '', 'base64url').toString('hex');
const passSeconds = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const invalidSeal = expect.objectContaining({
  code: 'invalidValue',
  description: 'This link has expired or is not valid.',
  detail: expect.stringMatching(/^the seal does not open: /) as string,
}) as unknown;

/** Text of at most 1 KiB, without lone surrogates. */
const anyText = fc
  .oneof(
    fc.string({ unit: codePoint, maxLength: 200 }),
    fc.string({ unit: 'grapheme', maxLength: 50 }),
    fc.string({ unit: fc.constantFrom(' ', '\0', '\n', '"', '\\', '&', '\ufeff', '\ufffd'), maxLength: 50 }),
  )
  .filter((text) => Buffer.byteLength(text) <= 1024);

describe('a seal', () => {
  test('opens to the sealed state', async () => {
    const { seal, open } = await newContainer();
    const redirectUri = fc.stringMatching(/^[!-~]{1,200}$/);
    await fc.assert(
      fc.asyncProperty(redirectUri, fc.option(anyText, { nil: undefined }), async (uri, text) => {
        const sealed = { partner: '12345678', redirectUri: uri, state: text };
        expect(await open(await seal(sealed))).toEqual(sealed);
      }),
      { numRuns: 100 },
    );
  });

  test('distinguishes an absent state from an empty one', async () => {
    const { seal, open } = await newContainer();
    expect((await open(await seal({ ...state, state: undefined }))).state).toBeUndefined();
    expect((await open(await seal({ ...state, state: '' }))).state).toBe('');
  });

  test.each(['\0', '"', 'é', '🏦'])('has the same maximum length for a state of %j', async (character) => {
    const { seal } = await newContainer();
    const full = character.repeat(1024 / Buffer.byteLength(character));
    const sealed = await seal({ ...state, redirectUri: `https://${'a'.repeat(2040)}`, state: full });
    expect(sealed.length).toBeLessThan(4195);
  });

  test('is URL-safe and different each time', async () => {
    const { seal } = await newContainer();
    const seals = await Promise.all(Array.from({ length: 100 }, () => seal(state)));
    expect(new Set(seals).size).toBe(100);
    for (const sealed of seals) expect(sealed).toMatch(/^two\.[\w-]+$/);
  });

  test('opens for less than ten minutes', async () => {
    const { seal, open } = await newContainer();
    const sealed = await seal(state);
    passSeconds(599);
    expect(await open(sealed)).toEqual(state);
    passSeconds(1);
    await expect(open(sealed)).rejects.toEqual(invalidSeal);
    passSeconds(3600);
    await expect(open(sealed)).rejects.toEqual(invalidSeal);
  });
});

describe('an altered seal does not open', () => {
  test('with any changed byte', async () => {
    const { seal, open } = await newContainer();
    const [kid = '', text = ''] = (await seal(state)).split('.');
    const bytes = Buffer.from(text, 'base64url');
    for (const [index, byte] of bytes.entries()) {
      for (const change of [0x01, 0x80, 0xff]) {
        const altered = Buffer.from(bytes);
        altered[index] = byte ^ change;
        await expect(open(`${kid}.${altered.toString('base64url')}`)).rejects.toEqual(invalidSeal);
      }
    }
  });

  test('with any changed, missing or additional character', async () => {
    const { seal, open } = await newContainer();
    const sealed = await seal(state);
    const characters = fc.constantFrom('a', 'Z', '0', '-', '_', '.', '=', '+', '/', ' ', '%', '\n', '\0', 'é');
    const place = fc.nat(sealed.length - 1);
    await fc.assert(
      fc.asyncProperty(place, characters, fc.nat(1), async (at, character, removed) => {
        const altered = sealed.slice(0, at) + character + sealed.slice(at + removed);
        fc.pre(altered !== sealed);
        await expect(open(altered)).rejects.toEqual(invalidSeal);
      }),
      { numRuns: 200 },
    );
    for (let length = 0; length < sealed.length; length++) {
      await expect(open(sealed.slice(0, length))).rejects.toEqual(invalidSeal);
    }
  });

  test('with another last character that decodes to the same bytes', async () => {
    const { seal, open } = await newContainer();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const more of ['', '1', '22']) {
      const sealed = await seal({ ...state, state: more });
      const twins = alphabet
        .split('')
        .map((last) => sealed.slice(0, -1) + last)
        .filter((twin) => twin !== sealed);
      for (const twin of twins.filter((each) => bytesOf(each) === bytesOf(sealed))) {
        await expect(open(twin)).rejects.toEqual(invalidSeal);
      }
      await expect(open(`${sealed}=`)).rejects.toEqual(invalidSeal);
    }
  });

  test.each([
    '',
    '.',
    '..',
    'null',
    'undefined',
    'two',
    'two.',
    '.AAAA',
    'two.AAAA',
    'two.null',
    `two.${'A'.repeat(4000)}`,
  ])('when it is malformed: "%s"', async (text) => {
    const { open } = await newContainer();
    await expect(open(text)).rejects.toEqual(invalidSeal);
  });
});

describe('a foreign seal does not open', () => {
  test('with malformed content', async () => {
    const { seal, open } = await newContainer();
    await expect(open(await seal({ ...state, partner: '' }))).rejects.toEqual(invalidSeal);
  });

  test('of another environment', async () => {
    const { seal, open } = await newContainer();
    const staging = await withSetting('ENVIRONMENT', 'staging', () => seal(state));
    await expect(open(staging)).rejects.toEqual(invalidSeal);
    expect(await withSetting('ENVIRONMENT', 'staging', () => open(staging))).toEqual(state);
  });

  test('of another key with the same id', async () => {
    await write({ ...keys, current: { ...keyNamed('other'), kid: 'two' } });
    const { seal } = await newContainer();
    const sealed = await seal(state);
    await write(keys);
    const { open } = await newContainer();
    await expect(open(sealed)).rejects.toEqual(invalidSeal);
  });

  test('with the id of another known key', async () => {
    const { seal, open } = await newContainer();
    const [, text] = (await seal(state)).split('.');
    for (const kid of ['one', 'three', 'TWO', 'two ', '__proto__', 'constructor']) {
      await expect(open(`${kid}.${text}`)).rejects.toEqual(invalidSeal);
    }
  });

  test('of the same key under another id', async () => {
    await write({ ...keys, current: { ...keyNamed('two'), kid: 'alias' } });
    const { seal } = await newContainer();
    const [, text] = (await seal(state)).split('.');
    await write(keys);
    const { open } = await newContainer();
    await expect(open(`two.${text}`)).rejects.toEqual(invalidSeal);
  });
});

describe('a rotation of the sealing keys', () => {
  const rotated = { next: keyNamed('four'), current: keyNamed('three'), previous: keyNamed('two') };

  test('keeps every seal valid, in containers with old and with new keys', async () => {
    const [before, idle] = [await newContainer(), await newContainer()];
    const old = await before.seal(state);
    await idle.open(old);
    await write(rotated);
    const after = await newContainer();
    const fresh = await after.seal(state);
    expect(fresh).toMatch(/^three\./);
    for (const container of [before, idle, after]) {
      const reads = await countReads(async () => {
        for (const sealed of [old, fresh]) expect(await container.open(sealed)).toEqual(state);
      });
      expect(reads).toBe(0);
    }
    expect(await before.seal(state)).toMatch(/^two\./);
    passSeconds(361);
    expect(await before.seal(state)).toMatch(/^three\./);
  });

  test('retires a key at the second rotation', async () => {
    const { seal } = await newContainer();
    const sealed = await seal(state);
    await write({ next: keyNamed('five'), current: keyNamed('four'), previous: keyNamed('three') });
    const { open } = await newContainer();
    await expect(open(sealed)).rejects.toEqual(invalidSeal);
  });

  test('that a container missed is found at the first seal with an unknown key', async () => {
    const outdated = await newContainer();
    await outdated.seal(state);
    await write({ next: keyNamed('six'), current: keyNamed('five'), previous: keyNamed('four') });
    const sealed = await (await newContainer()).seal(state);
    expect(await countReads(async () => expect(await outdated.open(sealed)).toEqual(state))).toBe(1);
  });
});

describe('the keys', () => {
  test('are read once for many seals, then at most every six minutes', async () => {
    const { seal, open } = await newContainer();
    const many = () => Promise.all(Array.from({ length: 50 }, async () => open(await seal(state))));
    expect(await countReads(many)).toBe(1);
    passSeconds(239);
    expect(await countReads(many)).toBe(0);
    passSeconds(122);
    expect(await countReads(many)).toBe(1);
  });

  test('are read once in 30 seconds for any number of unknown keys', async () => {
    const { seal, open } = await newContainer();
    await seal(state);
    const flood = () =>
      Promise.all(
        Array.from({ length: 50 }, (_, index) => expect(open(`unknown-${index}.AAAA`)).rejects.toEqual(invalidSeal)),
      );
    expect(await countReads(flood)).toBe(1);
    passSeconds(29);
    expect(await countReads(flood)).toBe(0);
    passSeconds(2);
    expect(await countReads(flood)).toBe(1);
    expect(await countReads(async () => open(await seal(state)))).toBe(0);
  });

  test('stay cached when a read fails; without cached keys it throws unavailable', async () => {
    const [warm, cold] = [await newContainer(), await newContainer()];
    const sealed = await warm.seal(state);
    await withSetting('SECRET_SEALING_KEYS', 'local/gateway/nowhere', async () => {
      passSeconds(500);
      expect(await warm.open(sealed)).toEqual(state);
      const unavailable = expect.objectContaining({ code: 'unavailable' }) as unknown;
      await expect(cold.open(sealed)).rejects.toEqual(unavailable);
      await expect(cold.seal(state)).rejects.toEqual(unavailable);
    });
    expect(await cold.open(sealed)).toEqual(state);
  });

  test.each<[string, unknown]>([
    ['no keys', {}],
    ['no current one', { next: keyNamed('three') }],
    ['a short key', { ...keys, current: { kid: 'two', key: 'c2hvcnQ=' } }],
    ['a key id with the separator of a seal', { ...keys, current: { ...keys.current, kid: 't.wo' } }],
  ])('are rejected and not quoted in the error for a secret with %s', async (_what, value) => {
    await write(value);
    const { seal } = await newContainer();
    const error: unknown = await seal(state).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(JSON.stringify(error)).not.toMatch(/dHdv|c2hvcnQ/);
  });
});
