import { expect, test } from 'vitest';
import { problemsOf, type Inspection } from '#cli/secrets/problems.ts';
import type { SecretState } from '#cli/secrets/state.ts';

const minute = 60_000;
const commandLine = (command: string) => `$ ${command}`;
const pending = (age: number) => ({ id: 'pending', stages: ['AWSPENDING'], createdAt: Date.now() - age });
const leftPending = { id: 'old', stages: ['AWSPREVIOUS', 'AWSPENDING'], createdAt: Date.now() };

type Facts = Partial<SecretState> & Pick<Inspection, 'pendingHasValue' | 'expiresAt'>;

/** Returns the inspection of a secret that is healthy except for the passed facts. */
function inspect(name: Inspection['name'], { pendingHasValue, expiresAt, ...changes }: Facts = {}): Inspection {
  const state: SecretState = {
    fullName: `dev/budgea/${name}`,
    versions: [],
    current: { id: 'current', stages: ['AWSCURRENT'], createdAt: 0 },
    pending: undefined,
    rotation: true,
    hasRotationFunction: true,
    intervalMinutes: 240,
    lastRotatedAt: undefined,
    nextRotationAt: Date.now() + 60 * minute,
    deletesAt: undefined,
    ...changes,
  };
  return { name, state, pendingHasValue, expiresAt };
}

const token = (facts: Facts) => inspect('manage-token', facts);

test.for([
  [inspect('admin-token')],
  [inspect('client-credentials', { rotation: false })],
  [token({ expiresAt: Date.now() + 61 * minute })],
  [token({ pending: pending(minute), pendingHasValue: false })],
  [token({ nextRotationAt: undefined, expiresAt: Date.now() + minute })],
] as const)('a healthy secret has no problems, %#', ([secret]) => {
  expect(problemsOf(secret, commandLine)).toEqual([]);
});

const rotate = ['$ secrets rotate manage-token'];
const rehearse = ['$ secrets rotate manage-token --rehearse', ...rotate];
const restore = ['aws secretsmanager restore-secret --secret-id dev/budgea/admin-token'];
const stuck = { pending: pending(3 * minute) };

test.for([
  ['no_value', inspect('admin-token', { current: undefined }), 'set it', ['$ secrets set admin-token']],
  ['no_value', token({ current: undefined }), 'rotate it once', rotate],
  ['scheduled_for_deletion', inspect('admin-token', { deletesAt: 1e12 }), '2001-09-09T01:46:40.000Z', restore],
  ['stuck_pending', token({ ...stuck, pendingHasValue: false }), 'creating it failed', rehearse],
  ['stuck_pending', token({ ...stuck, pendingHasValue: true }), 'failed its test', rehearse],
  ['stuck_pending', token(stuck), 'pending for 3 min. Find', rehearse],
  ['left_pending', token({ pending: leftPending }), 'set manually', rotate],
  ['rotation_off', token({ rotation: false }), 'turns the automatic rotation on', rotate],
  ['malformed', token({ expiresAt: 'malformed' }), 'not a manage JWT', rotate],
  ['expired', token({ expiresAt: Date.now() - 61 * minute }), 'expired 1 h 1 min ago', rotate],
  ['short_lived', token({ expiresAt: Date.now() + 59 * minute }), 'before the next rotation', rotate],
] as const)('%s has a text and commands', ([problem, secret, text, commands]) => {
  expect(problemsOf(secret, commandLine)).toEqual([{ problem, text: expect.stringContaining(text), commands }]);
});

test('all problems of a secret are returned', () => {
  const problems = problemsOf(token({ ...stuck, rotation: false, expiresAt: 0 }), commandLine);
  expect(problems.map(({ problem }) => problem)).toEqual(['stuck_pending', 'rotation_off', 'expired']);
});
