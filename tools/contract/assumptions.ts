/** The questions that only a real domain answers, by number. */
export const questions = {
  1: 'Which status and envelope do bad client credentials get?',
  2: 'Does a renewal without id_user create a user?',
  3: 'Which status does a renewal for an unknown user get?',
  4: 'Are revoked, deleted users’ and malformed tokens rejected with 401 or 403?',
  5: 'Can a users token read and delete a user by id?',
  6: 'Does a user token get 403 or 404 for another user?',
  7: 'Can a code be exchanged twice, and which error does a bad code get?',
  8: 'Does a temporary code work as Bearer, and does a call spend it?',
  9: 'How long does a singleAccess code live?',
  10: 'Does revoke_previous end codes that were issued earlier?',
  11: 'Which token do webhooks carry, and does a revocation stop them?',
  12: 'What does a second DELETE of a user or token return?',
  13: 'Which envelope and Retry-After does a rate limit have?',
  14: 'Who can read GET /clients/{id}, and is redirect_uris a list?',
  15: 'Do the legacy routes still work?',
  16: 'Which credentials can read GET /certificate/{type}?',
  17: 'How does GET /users page, and does it list temporary users?',
  18: 'Where does /webauth redirect a browser, and which parameters does it need?',
  19: 'Does /webauth reject with JSON, HTML or a redirect?',
  20: 'Does /webauth-url accept POST, or a code as Bearer?',
  21: 'Does the webview work without a language, and under the old path?',
  22: 'What does POST /auth/token return for two scopes, and for an unknown scope?',
  23: 'Which time zone does signin have?',
  24: 'Is HTTP Basic accepted, with and without a trailing colon?',
  25: 'Do a trailing slash, an unknown field or a Bearer beside body credentials change POST /auth/init?',
} as const satisfies Record<number, string>;

/** The number of a question. */
export type QuestionNumber = keyof typeof questions;

/** What this project assumes about the domain. */
export interface Assumption {
  question: QuestionNumber;
  statement: string;
  /** The source: the vendor's documentation, accounts of real calls or clients, or this project's own choice. */
  mark: 'documented' | 'reported' | 'assumed';
  /** The effect of a difference. */
  ifWrong: string;
  /** Whether that effect breaks a partner. */
  breaks: boolean;
}

type Row = [question: QuestionNumber, mark: Assumption['mark'], statement: string];

const breaking = (...[question, mark, statement, ifWrong]: [...Row, ifWrong: string]): Assumption => ({
  question,
  statement,
  mark,
  ifWrong,
  breaks: true,
});

const harmless = (...[question, mark, statement, ifWrong]: [...Row, ifWrong?: string]): Assumption => ({
  question,
  statement,
  mark,
  ifWrong: ifWrong ?? 'The gateway does not depend on it.',
  breaks: false,
});

/** Every assumption that the tool compares with the domain. */
export const assumptions = {
  'bad-client-401': breaking(
    1,
    'assumed',
    'Bad client credentials are rejected with 401.',
    'After a rotation the gateway does not read the new client secret, and signed calls fail until its cache expires.',
  ),
  'half-client-400': harmless(1, 'assumed', 'One client field without the other is rejected with 400.'),
  'error-envelope': breaking(
    1,
    'documented',
    'Errors of the operations that the gateway calls have Budgea’s envelope, with or without OAuth’s fields; 404, 429 and 503 may not.',
    'Partners receive 502 badGateway instead of the error.',
  ),
  'message-key': harmless(1, 'documented', 'Budgea’s envelope has the key message, a string or null.'),
  'renew-no-user': harmless(
    2,
    'assumed',
    'A renewal without id_user creates no user.',
    'Clients that call /auth/renew directly create billable users that have no owner. The gateway does not offer it.',
  ),
  'renew-unknown-user': harmless(3, 'assumed', 'A renewal for an unknown user is rejected with 400 or 404.'),
  'no-token-401': harmless(4, 'reported', 'A call without a token is rejected with 401.'),
  'bad-token-403': harmless(4, 'reported', 'A token that is not valid is rejected with 403.'),
  'bad-token-recognized': breaking(
    4,
    'assumed',
    'A token that is not valid is rejected with 401, or with 403 and the code invalidToken.',
    'The gateway does not recognize a rejected manage JWT, and does not read the rotated one.',
  ),
  'users-token-manages': harmless(5, 'reported', 'A users token reads and deletes a user by id.'),
  'manage-jwt-reads': breaking(
    5,
    'documented',
    'A manage JWT with the scope users reads a user by id.',
    'Partners cannot read their users with their key.',
  ),
  'manage-jwt-deletes': breaking(
    5,
    'documented',
    'A manage JWT with the scope users deletes a user by id.',
    'Partners cannot delete their users with their key.',
  ),
  'unknown-user-404': breaking(
    5,
    'reported',
    'A manage JWT gets 404 with Budgea’s envelope for an unknown user id.',
    'Partners can tell a missing user from another partner’s, and the rotation cannot test a new manage JWT.',
  ),
  'other-user-rejected': breaking(
    6,
    'documented',
    'A user token cannot read another user: 401, 403 or 404.',
    'Each user’s token reads the users of all partners.',
  ),
  'other-user-403': harmless(6, 'assumed', 'A user token gets 403 for another user.'),
  'code-fields': breaking(
    7,
    'documented',
    'GET /auth/token/code returns code as a string.',
    'Partners receive 502 badGateway instead of a code.',
  ),
  'exchange-fields': breaking(
    7,
    'documented',
    'POST /auth/token/access returns access_token as a string.',
    'Partners receive 502 badGateway instead of a token, and the code is spent.',
  ),
  'bad-code-400': breaking(
    7,
    'assumed',
    'A code that is not valid is rejected with 400 and the code invalidCode.',
    'Partners see another error than the documented one, and can tell a spent code from another partner’s.',
  ),
  'single-code-once': breaking(
    7,
    'documented',
    'A singleAccess code is exchanged once.',
    'A code that leaked from a browser returns a second permanent token.',
  ),
  'standard-code-again': harmless(7, 'assumed', 'A requestAccess code is exchanged again while it lives.'),
  'code-is-no-bearer': harmless(
    8,
    'assumed',
    'A temporary code is not accepted as Bearer.',
    'A code in a browser’s address can read the user until it expires.',
  ),
  'code-survives-read': harmless(8, 'assumed', 'Presenting a singleAccess code as Bearer does not spend it.'),
  'single-code-life': breaking(
    9,
    'assumed',
    'A singleAccess code lives 30 minutes at most.',
    'A code outlives the binding to its partner, and another partner can exchange it.',
  ),
  'renew-keeps-codes': harmless(10, 'assumed', 'Earlier codes stay valid after a renewal with revoke_previous.'),
  'webhooks-user-token': harmless(11, 'documented', 'Webhooks carry the user’s token; the gateway receives none.'),
  'delete-user-200': harmless(12, 'documented', 'DELETE /users/me returns 200 with the user.'),
  'delete-succeeds': breaking(
    12,
    'documented',
    'DELETE of a user and of a permanent token returns 2xx.',
    'Partners cannot delete users or revoke tokens, and the gateway cannot undo a call that failed.',
  ),
  'temporary-token-delete': harmless(12, 'assumed', 'DELETE of a temporary token returns 2xx.'),
  'second-delete-recognized': breaking(
    12,
    'assumed',
    'A second DELETE is rejected with 401, 404, or 403 and the code invalidToken.',
    'A deletion that was repeated after a lost response fails, though it succeeded.',
  ),
  'limit-429': harmless(
    13,
    'documented',
    'A rate limit answers 429.',
    'Partners see another error, and no time to wait.',
  ),
  'retry-after': harmless(13, 'reported', 'A 429 has Retry-After in seconds.'),
  'overload-envelope': harmless(13, 'assumed', 'A 429 or 503 has Budgea’s envelope.'),
  'clients-need-token': harmless(
    14,
    'assumed',
    'GET /clients/{id} is rejected without a token; the gateway does not call it.',
    'Any caller can read the client’s redirect URIs.',
  ),
  'admin-jwt': breaking(
    15,
    'documented',
    'POST /admin/jwt mints a manage JWT for the admin token.',
    'The gateway cannot rotate its manage JWT, and calls with a partner key fail.',
  ),
  'auth-jwt': breaking(
    15,
    'documented',
    'POST /auth/jwt mints a user JWT for client credentials.',
    'Partners cannot use the operation.',
  ),
  'user-token': breaking(
    15,
    'documented',
    'POST /users/me/token returns a token.',
    'Partners cannot use the operation.',
  ),
  hash: breaking(15, 'documented', 'DELETE /hash returns 2xx.', 'Partners cannot use the operation.'),
  certificate: breaking(
    16,
    'assumed',
    'GET /certificate/{type} accepts a manage JWT with the scope users.',
    'The gateway cannot fetch certificates, and partners receive 503.',
  ),
  'certificate-config-token': harmless(16, 'documented', 'GET /certificate/{type} accepts a config token.'),
  'certificate-user-token': harmless(16, 'assumed', 'GET /certificate/{type} accepts every valid token.'),
  'users-array': breaking(
    17,
    'documented',
    'GET /users and GET /users/all return users as an array, also when it is empty.',
    'Partners with the grant users:all receive 502 badGateway.',
  ),
  'users-limit': harmless(17, 'documented', 'GET /users?limit=1 returns one user at most.'),
  'webauth-redirects': breaking(
    18,
    'documented',
    'GET /webauth redirects a browser to the bank; connector fields are flat query parameters.',
    'People cannot connect their bank.',
  ),
  'webauth-registered-uri': breaking(
    19,
    'documented',
    'GET /webauth never redirects to an unregistered URI.',
    'Any page can receive the codes of users.',
  ),
  'webauth-error-response': harmless(
    19,
    'assumed',
    'GET /webauth rejects with a 4xx response, not with a redirect.',
    'A redirect of the error reaches the browser instead of the gateway’s page.',
  ),
  'webauth-url-get': harmless(20, 'documented', 'GET /webauth-url needs a user token and has no POST form.'),
  'webview-language': harmless(21, 'documented', 'The webview opens without a language.'),
  'service-token': harmless(
    22,
    'documented',
    'POST /auth/token returns token and scope as strings, or 4xx without the product Pay.',
  ),
  'service-scope': harmless(22, 'assumed', 'POST /auth/token rejects an unknown scope with 400.'),
  'signin-utc': harmless(23, 'assumed', 'signin is in UTC.'),
  'basic-accepted': harmless(24, 'reported', 'HTTP Basic is accepted, with and without a trailing colon.'),
  'init-fields': breaking(
    25,
    'documented',
    'POST /auth/init with client credentials returns auth_token, type permanent and an integer id_user.',
    'Partners cannot create users that the gateway can record.',
  ),
  'init-tolerant': harmless(
    25,
    'assumed',
    'An unknown field or a Bearer beside body credentials does not change POST /auth/init.',
  ),
  'init-slash-404': harmless(25, 'assumed', 'POST /auth/init/ with a trailing slash is not found.'),
} as const satisfies Record<string, Assumption>;

/** The name of an assumption. */
export type AssumptionId = keyof typeof assumptions;
