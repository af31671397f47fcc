import { expect, test } from 'vitest';
import { problemsOf, type Known } from '#cli/secrets/problems.ts';
import type { SecretState } from '#cli/secrets/state.ts';

const minute = 60_000;
const toType = (command: string) => `$ ${command}`;

const current = { id: 'current', stages: ['AWSCURRENT'], createdAt: 0 };
const pending = (age: number) => ({ id: 'pending', stages: ['AWSPENDING'], createdAt: Date.now() - age });

function known(name: Known['name'], state: Partial<SecretState> = {}, more: Partial<Known> = {}): Known {
  const whole: SecretState = {
    fullName: `dev/budgea/${name}`,
    versions: [],
    current,
    pending: undefined,
    rotation: true,
    hasRotationFunction: true,
    intervalMinutes: 240,
    lastRotatedAt: undefined,
    nextRotationAt: Date.now() + 60 * minute,
    deletesAt: undefined,
    ...state,
  };
  return { name, state: whole, ...more };
}

test.for([
  [known('admin-token')],
  [known('client-credentials', { rotation: false })],
  [known('manage-token', {}, { expiresAt: Date.now() + 61 * minute })],
  [known('manage-token', { pending: pending(minute) }, { pendingHasValue: false })],
  [known('manage-token', { nextRotationAt: undefined }, { expiresAt: Date.now() + minute })],
])('nothing is wrong with a secret that is as it should be, %#', ([secret]) => {
  expect(secret && problemsOf(secret, toType)).toEqual([]);
});

const rotate = ['$ secrets rotate manage-token'];
const lookFirst = ['$ secrets rotate manage-token --rehearse', ...rotate];
const restore = ['aws secretsmanager restore-secret --secret-id dev/budgea/admin-token'];

test.for([
  ['no_value', known('admin-token', { current: undefined }), 'set it', ['$ secrets set admin-token']],
  ['no_value', known('manage-token', { current: undefined }), 'rotate it once', rotate],
  ['scheduled_for_deletion', known('admin-token', { deletesAt: 1e12 }), '2001-09-09T01:46:40.000Z', restore],
  [
    'stuck_pending',
    known('manage-token', { pending: pending(3 * minute) }, { pendingHasValue: false }),
    'none could be made',
    lookFirst,
  ],
  [
    'stuck_pending',
    known('manage-token', { pending: pending(3 * minute) }, { pendingHasValue: true }),
    'its test rejects',
    lookFirst,
  ],
  ['stuck_pending', known('manage-token', { pending: pending(3 * minute) }), 'pending for 3 min. See', lookFirst],
  [
    'left_pending',
    known('manage-token', { pending: { id: 'old', stages: ['AWSPREVIOUS', 'AWSPENDING'], createdAt: Date.now() } }),
    'changed by hand',
    rotate,
  ],
  ['rotation_off', known('manage-token', { rotation: false }), 'turns it on again', rotate],
  ['malformed', known('manage-token', {}, { expiresAt: 'malformed' }), 'not a manage JWT', rotate],
  ['expired', known('manage-token', {}, { expiresAt: Date.now() - 61 * minute }), 'expired 1 h 1 min ago', rotate],
  [
    'short_lived',
    known('manage-token', {}, { expiresAt: Date.now() + 59 * minute }),
    'not until the next rotation',
    rotate,
  ],
] as const)('%s, and what to do', ([problem, secret, text, commands]) => {
  expect(problemsOf(secret, toType)).toEqual([{ problem, text: expect.stringContaining(text), commands }]);
});

test('everything that is wrong is told', () => {
  const secret = known('manage-token', { pending: pending(3 * minute), rotation: false }, { expiresAt: 0 });
  expect(problemsOf(secret, toType).map(({ problem }) => problem)).toEqual([
    'stuck_pending',
    'rotation_off',
    'expired',
  ]);
});
