import { describe, expect, test } from 'vitest';
import { CliError } from '#cli/cli-error.ts';
import { describeError, exitCodeOf } from '#cli/describe-error.ts';

const dev = { environment: 'dev', option: ' --env dev' };
const local = { environment: 'local', folder: '.local', option: '' };

function failure(name: string, message = 'hunter2', properties: object = {}): Error {
  return Object.assign(new Error(message), { name, ...properties });
}

describe('an error of AWS', () => {
  test.for([
    ['CredentialsProviderError', 'Could not load credentials from any providers', 'AWS_PROFILE'],
    [
      'CredentialsProviderError',
      'The SSO session associated with this profile is invalid; run aws sso login',
      'Log in',
    ],
    ['TokenProviderError', 'Token is expired', 'Log in'],
    ['ExpiredTokenException', undefined, 'Log in'],
    ['UnrecognizedClientException', undefined, 'does not recognize these credentials'],
    ['AccessDeniedException', 'User x is not authorized to perform: dynamodb:Query on resource: y', '(dynamodb:Query)'],
    ['AccessDeniedException', undefined, 'do not allow this. '],
    ['ResourceNotFoundException', undefined, 'no table dev-gateway'],
    ['ThrottlingException', undefined, 'Try again in a minute'],
    ['TimeoutError', undefined, 'cannot be reached'],
    ['Error', 'Region is missing', 'AWS_REGION'],
  ] as const)('%s: %s', ([name, message, expected]) => {
    const description = describeError(failure(name, message), dev);
    expect(description).toContain(expected);
    expect(description).not.toContain('hunter2');
  });

  test('is otherwise described only by its name, because its message may quote a value', () => {
    const error = failure('InvalidParameterException', 'hunter2', { $fault: 'client' });
    expect(describeError(error, dev)).toBe('AWS rejected the request: InvalidParameterException.');
  });
});

test('a connection error points at the local stack or at the network', () => {
  const error = failure('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED' });
  expect(describeError(error, local)).toContain('npm start');
  expect(describeError(error, dev)).toContain('Check the network');
});

test('a missing table of a local stack is not created yet', () => {
  expect(describeError(failure('ResourceNotFoundException'), local)).toContain('no table local-gateway yet');
});

test('any other error keeps its message, without a stack trace', () => {
  expect(describeError(new TypeError('no such thing'), dev)).toBe('Unexpected error: no such thing');
  expect(describeError('no error', dev)).toBe('An unexpected value was thrown.');
});

test('exit codes', () => {
  expect(exitCodeOf(new CliError('no'))).toBe(1);
  expect(exitCodeOf(new CliError('wrong', 2))).toBe(2);
  expect(exitCodeOf(failure('ExitPromptError'))).toBe(130);
  expect(exitCodeOf(new Error('other'))).toBe(1);
});
