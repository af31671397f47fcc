import type { ComponentChildren } from 'preact';
import type { CallEvent, RequestNames, Signed, UpstreamCall } from '../wire.ts';
import { duration } from './time.tsx';

interface CallDetailsProps {
  id: string;
  call: CallEvent;
  /** The partner's name. */
  name: string | undefined;
}

/** The steps of a call: the caller, the checks, each signed upstream call, and the response. */
export function CallDetails({ id, call, name }: CallDetailsProps) {
  const { request, answer, status, outcome, upstream, upstream_attempts, duration_ms, upstream_ms } = call;
  const forwarded = upstream_attempts > 0;
  return (
    <div class="call-details" id={id} role="group" aria-label="Call details">
      <Shares own={duration_ms - upstream_ms} upstream={upstream_ms} />
      <ol>
        <Step title="Caller" what={callerOf(call, name)}>
          <Names of={request} />
        </Step>
        <Step title="Checks" bad={!forwarded && outcome !== 'success'} what={checksOf(call)}>
          {!forwarded && <Reasons call={call} />}
        </Step>
        {forwarded && (upstream ?? []).length === 0 && (
          <Step title="Budgea" bad={outcome === 'failed'} what={<>{upstreamResult(call)}</>} />
        )}
        {(upstream ?? []).map((attempt, at) => (
          <Attempt key={at} attempt={attempt} number={(upstream ?? []).length > 1 ? at + 1 : undefined} />
        ))}
        <Step
          title="Response"
          bad={status >= 400}
          what={
            <>
              <b class={`status ${outcome}`}>{status}</b> {call.code} in {duration(duration_ms)}, {answer.bytes} bytes
            </>
          }
        >
          <Mforwarded names={answer.fields} />
          {forwarded && <Reasons call={call} />}
          <p class="detail">
            request id <code>{call.request_id}</code>
          </p>
        </Step>
      </ol>
    </div>
  );
}

/** Details that are only logged. */
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
      {cold_start && '; cold start'}
    </>
  );
}

const anonymous: Readonly<Record<string, string>> = {
  none: 'Any caller: the operation has no authentication',
  anonymous: 'No credentials',
  token: 'A user, with a Budgea token',
  client: 'Client credentials that are not valid',
  bearer_key: 'A partner key that is not valid',
  api_key: 'A partner key that is not valid',
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
        <code>{operation}</code> rejected the call: <b>{code}</b>
      </>
    );
  }
  return (
    <>
      <code>{operation}</code> accepted the call
    </>
  );
}

function upstreamResult({ upstream_attempts, upstream_status, upstream_ms }: CallEvent): string {
  const tries = upstream_attempts === 1 ? 'one try' : `${upstream_attempts} tries`;
  const last = upstream_status === undefined ? 'no response' : `answered ${upstream_status}`;
  return `${last} in ${duration(upstream_ms)}, ${tries}`;
}

const signatures: Record<Signed, ComponentChildren> = {
  'client-credentials': secret('client-credentials'),
  'manage-token': secret('manage-token'),
  'admin-token': secret('admin-token'),
  caller: 'Not signed: forwards the caller’s token',
  'new-user': 'Signed with the user’s token',
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
            {method} <b>{path}</b>: {status === 0 ? 'connection closed' : `answered ${status}`} in{' '}
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

function Names({ of: { query, fields, headers } }: { of: Pick<RequestNames, 'query' | 'fields' | 'headers'> }) {
  return (
    <>
      <Mforwarded names={headers} after=": " />
      <Mforwarded names={query} before="?" />
      <Mforwarded names={fields} />
    </>
  );
}

/** Names with masked values. */
function Mforwarded({
  names,
  before = '',
  after = '=',
}: {
  names: readonly string[];
  before?: string;
  after?: string;
}) {
  if (names.length === 0) return null;
  return (
    <ul class="mforwarded">
      {names.map((name, at) => (
        <li key={at}>
          {before}
          {name === '*' ? 'other' : name}
          {after}
          <span class="mask">•••</span>
        </li>
      ))}
    </ul>
  );
}

/** The time in the gateway and at Budgea. */
function Shares({ own, upstream }: { own: number; upstream: number }) {
  const share = (100 * Math.max(own, 0)) / Math.max(own + upstream, 1);
  return (
    <svg class="shares" role="img" aria-label={`${duration(own)} in the gateway, ${duration(upstream)} at Budgea`}>
      <rect class="own" width={`${share}%`} height="100%" />
      <rect class="upstream" x={`${share}%`} width={`${100 - share}%`} height="100%" />
    </svg>
  );
}
