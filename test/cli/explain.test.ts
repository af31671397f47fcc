import { describe, expect, test } from 'vitest';
import { explain, exitCodeOf } from '#cli/explain.ts';
import { Refusal } from '#cli/refusal.ts';

const dev = { environment: 'dev', option: ' --env dev' };
const local = { environment: 'local', folder: '.local', option: '' };

function failure(name: string, message = 'hunter2', more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

describe('what AWS says', () => {
  test.for([
    ['CredentialsProviderError', 'Could not load credentials from any providers', 'AWS_PROFILE'],
    [
      'CredentialsProviderError',
      'The SSO session associated with this profile is invalid; run aws sso login',
      'Log in',
    ],
    ['TokenProviderError', 'Token is expired', 'Log in'],
    ['ExpiredTokenException', undefined, 'Log in'],
    ['UnrecognizedClientException', undefined, 'does not know these credentials'],
    ['AccessDeniedException', 'User x is not authorized to perform: dynamodb:Query on resource: y', '(dynamodb:Query)'],
    ['AccessDeniedException', undefined, 'may not do this. '],
    ['ResourceNotFoundException', undefined, 'no table dev-gateway'],
    ['ThrottlingException', undefined, 'Try again in a minute'],
    ['TimeoutError', undefined, 'cannot be reached'],
    ['Error', 'Region is missing', 'AWS_REGION'],
  ] as const)('%s: %s', ([name, message, expected]) => {
    const sentence = explain(failure(name, message), dev);
    expect(sentence).toContain(expected);
    expect(sentence).not.toContain('hunter2');
  });

  test('and nothing else of it, as it may quote a value', () => {
    const error = failure('InvalidParameterException', 'hunter2', { $fault: 'client' });
    expect(explain(error, dev)).toBe('AWS refused it: InvalidParameterException.');
  });
});

test('a connection that fails is the local stack’s, or the network’s', () => {
  const error = failure('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED' });
  expect(explain(error, local)).toContain('npm start');
  expect(explain(error, dev)).toContain('Check the network');
});

test('a local table that is missing is not yet there', () => {
  expect(explain(failure('ResourceNotFoundException'), local)).toContain('no table yet');
});

test('anything else keeps its message, without a stack trace', () => {
  expect(explain(new TypeError('no such thing'), dev)).toBe('Something unexpected went wrong: no such thing');
  expect(explain('no error', dev)).toBe('Something unexpected was thrown.');
});

test('exit codes', () => {
  expect(exitCodeOf(new Refusal('no'))).toBe(1);
  expect(exitCodeOf(new Refusal('wrong', 2))).toBe(2);
  expect(exitCodeOf(failure('ExitPromptError'))).toBe(130);
  expect(exitCodeOf(new Error('other'))).toBe(1);
});
