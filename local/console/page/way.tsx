import type { ComponentChildren } from 'preact';
import type { CallEvent, Sent, Signed, UpstreamCall } from '../events.ts';
import { duration } from './time.tsx';

interface WayProps {
  id: string;
  call: CallEvent;
  /** The partner's. */
  name: string | undefined;
}

/** The way of one call: who came with what, whether it was let through, what signed it, what Budgea said, what went back. */
export function Way({ id, call, name }: WayProps) {
  const { request, answer, status, outcome, upstream, upstream_attempts, duration_ms, upstream_ms } = call;
  const asked = upstream_attempts > 0;
  return (
    <div class="way" id={id} role="group" aria-label="The way of the call">
      <Shares own={duration_ms - upstream_ms} upstream={upstream_ms} />
      <ol>
        <Step title="Caller" what={callerOf(call, name)}>
          <Names of={request} />
        </Step>
        <Step title="Checks" bad={!asked && outcome !== 'success'} what={checksOf(call)}>
          {!asked && <Reasons call={call} />}
        </Step>
        {asked && (upstream ?? []).length === 0 && (
          <Step title="Budgea" bad={outcome === 'failed'} what={<>{unseen(call)}</>} />
        )}
        {(upstream ?? []).map((attempt, at) => (
          <Attempt key={at} attempt={attempt} number={(upstream ?? []).length > 1 ? at + 1 : undefined} />
        ))}
        <Step
          title="Answer"
          bad={status >= 400}
          what={
            <>
              <b class={`status ${outcome}`}>{status}</b> {call.code} in {duration(duration_ms)}, {answer.bytes} bytes
            </>
          }
        >
          <Masked names={answer.fields} />
          {asked && <Reasons call={call} />}
          <p class="detail">
            request id <code>{call.request_id}</code>
          </p>
        </Step>
      </ol>
    </div>
  );
}

/** What the log alone is told. */
function Reasons({ call: { detail, cause } }: { call: CallEvent }) {
  return (
    <>
      {detail !== undefined && <p class="detail">{detail}</p>}
      {cause !== undefined && <p class="detail">{cause.split(' at ')[0]}</p>}
    </>
  );
}

function callerOf({ partner, kind, key_id, cold_start }: CallEvent, name: string | undefined): ComponentChildren {
  return (
    <>
      {partner === undefined ? anonymous[kind ?? 'none'] : `${name ?? 'Partner'} ${partner}`}
      {key_id !== undefined && (
        <>
          , key <code>{key_id}</code>, {presented[kind ?? ''] ?? kind}
        </>
      )}
      {cold_start && '; the function’s first call'}
    </>
  );
}

const anonymous: Readonly<Record<string, string>> = {
  none: 'Nobody in particular: this operation looks at no credential',
  anonymous: 'Nobody: there was no credential',
  token: 'A user, with a token of Budgea’s',
  client: 'Somebody with client credentials that were not proved',
  bearer_key: 'Somebody with a partner key that was not proved',
  api_key: 'Somebody with a partner key that was not proved',
};

const presented: Readonly<Record<string, string>> = {
  client: 'as client_id and client_secret',
  bearer_key: 'in Authorization',
  api_key: 'in x-api-key',
};

function checksOf({ outcome, upstream_attempts, code, operation }: CallEvent): ComponentChildren {
  if (upstream_attempts === 0 && outcome !== 'success') {
    return (
      <>
        <code>{operation}</code> refused it: <b>{code}</b>
      </>
    );
  }
  return (
    <>
      <code>{operation}</code> let it through
    </>
  );
}

function unseen({ upstream_attempts, upstream_status, upstream_ms }: CallEvent): string {
  const tries = upstream_attempts === 1 ? 'one try' : `${upstream_attempts} tries`;
  const last = upstream_status === undefined ? 'no answer' : `answered ${upstream_status}`;
  return `${last} in ${duration(upstream_ms)}, ${tries}`;
}

const signatures: Record<Signed, ComponentChildren> = {
  'client-credentials': secret('client-credentials'),
  'manage-token': secret('manage-token'),
  'admin-token': secret('admin-token'),
  caller: 'Not signed: the caller’s own token goes on',
  'new-user': 'Signed with the token of the call’s user',
  nothing: 'Not signed',
};

function secret(name: string) {
  return (
    <>
      Signed with the secret <code>{name}</code>
    </>
  );
}

function Attempt({ attempt, number }: { attempt: UpstreamCall; number: number | undefined }) {
  const { method, path, status, duration_ms, signed } = attempt;
  return (
    <>
      <Step title={number === undefined ? 'Signed' : `Signed, ${number}`} what={signatures[signed]} />
      <Step
        title={number === undefined ? 'Budgea' : `Budgea, ${number}`}
        bad={status === 0 || status >= 400}
        what={
          <>
            {method} <b>{path}</b>: {status === 0 ? 'the connection broke' : `answered ${status}`} in{' '}
            {duration(duration_ms)}
          </>
        }
      >
        <Names of={{ ...attempt, headers: attempt.headers.filter((name) => name === 'authorization') }} />
      </Step>
    </>
  );
}

interface StepProps {
  title: string;
  what: ComponentChildren;
  bad?: boolean;
  children?: ComponentChildren;
}

function Step({ title, what, bad = false, children }: StepProps) {
  return (
    <li class={bad ? 'bad' : undefined}>
      <span class="title">{title}</span>
      <div>
        <p>{what}</p>
        {children}
      </div>
    </li>
  );
}

function Names({ of: { query, fields, headers } }: { of: Pick<Sent, 'query' | 'fields' | 'headers'> }) {
  return (
    <>
      <Masked names={headers} after=": " />
      <Masked names={query} before="?" />
      <Masked names={fields} />
    </>
  );
}

/** Names whose values nobody was told. */
function Masked({ names, before = '', after = '=' }: { names: readonly string[]; before?: string; after?: string }) {
  if (names.length === 0) return null;
  return (
    <ul class="masked">
      {names.map((name, at) => (
        <li key={at}>
          {before}
          {name === '*' ? 'another' : name}
          {after}
          <span class="mask">•••</span>
        </li>
      ))}
    </ul>
  );
}

/** Whose time it was. */
function Shares({ own, upstream }: { own: number; upstream: number }) {
  const share = (100 * Math.max(own, 0)) / Math.max(own + upstream, 1);
  return (
    <svg class="shares" role="img" aria-label={`${duration(own)} in the gateway, ${duration(upstream)} at Budgea`}>
      <rect class="own" width={`${share}%`} height="100%" />
      <rect class="upstream" x={`${share}%`} width={`${100 - share}%`} height="100%" />
    </svg>
  );
}
