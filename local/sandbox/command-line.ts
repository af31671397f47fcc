import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Command {
  port: number;
  data: string;
  fresh: boolean;
  redirectUris: string[];
  help: boolean;
}

/** Reads the command line. Throws an error whose message is for whoever typed it. */
export function readCommandLine(args: string[]): Command {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '3001' },
      data: { type: 'string', default: '.local/sandbox' },
      fresh: { type: 'boolean', default: false },
      'redirect-uri': { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('--port takes a number from 1 to 65535');
  const redirectUris = values['redirect-uri'];
  const unusable = redirectUris.find((uri) => !URL.canParse(uri) || /[?#]/.test(uri));
  if (unusable !== undefined) throw new Error(`--redirect-uri takes an absolute URI without a query: ${unusable}`);
  return { port, data: values.data, fresh: values.fresh, redirectUris, help: values.help };
}

/** The text of `--help`. */
export const HELP = `Usage: npm run sandbox -- [options]

A stand-in for Budgea on this machine: its twelve authentication operations, with state.

Options:
  --port N             listen on 127.0.0.1:N (default 3001)
  --data DIR           keep credentials and state in DIR (default .local/sandbox)
  --fresh              start from nothing: new credentials, no users
  --redirect-uri URI   let /webauth send browsers home to URI; may be repeated
  --help               show this text

Besides the API under /2.0 it has routes that no Budgea has:
  POST   /_sandbox/clock {"advance": seconds}               move time forward
  GET    /_sandbox/clock                                    what time it is there
  GET    /_sandbox/calls, DELETE /_sandbox/calls            what it was asked, without any value
  POST   /_sandbox/certificates {"type"}                    issue a new certificate
  POST   /_sandbox/manage-tokens/revoke {"jti"|"all"}       revoke manage JWTs
  POST   /_sandbox/admin-token {"token"}                    change the admin token that it accepts
  POST   /_sandbox/client {"client_secret"}                 change the client secret that it accepts
  POST   /_sandbox/failures {"answer", "path", "times"}     fail the next calls, or every one with "times": "always":
                                                            tooManyRequests, bug, maintenance or html answer, reset
                                                            breaks the connection, lost does so when all is done
  GET    /_sandbox/failures, DELETE /_sandbox/failures      what is still to come; fail no more
  POST   /_sandbox/latency {"milliseconds"}                 let every call wait, from now on
  GET    /_sandbox/latency                                  how long that is
`;
