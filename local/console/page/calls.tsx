import { useState } from 'preact/hooks';
import type { CallEvent, PartnerView } from '../wire.ts';
import { Panel } from './panel.tsx';
import { duration, timeOfDay } from './time.tsx';
import { CallDetails } from './call-details.tsx';

/** The number of calls that are shown at first. */
const initialCount = 25;

interface CallsProps {
  /** Newest first. */
  calls: readonly CallEvent[];
  partners: readonly PartnerView[];
}

/** The calls, updated live. While one is open, the list does not change. */
export function Calls({ calls, partners }: CallsProps) {
  const [open, setOpen] = useState<string>();
  const [paused, setPaused] = useState<readonly CallEvent[]>();
  const [onlyErrors, setOnlyErrors] = useState(false);
  const [all, setAll] = useState(false);

  const matches = (call: CallEvent) => !onlyErrors || call.status >= 400;
  const shown = (paused ?? calls).filter(matches);
  const missed = paused === undefined ? 0 : calls.filter(matches).findIndex((call) => call === shown[0]);
  const release = () => {
    setPaused(undefined);
    setOpen(undefined);
  };
  const toggle = (id: string) => {
    if (open === id) return release();
    setPaused(paused ?? calls);
    setOpen(id);
  };
  const nameOf = (clientId: string | undefined) => partners.find(({ client_id }) => client_id === clientId)?.name;

  return (
    <Panel id="calls" title="Calls" aside={<Filter on={onlyErrors} set={setOnlyErrors} />}>
      {missed !== 0 && (
        <button type="button" class="more" onClick={release}>
          {missed > 0 ? `${missed} newer` : 'Newer calls'}
        </button>
      )}
      <div class="call heads" aria-hidden="true">
        <span>Time</span>
        <span>Status</span>
        <span>Operation</span>
        <span>Partner</span>
        <span>Credential</span>
        <span class="number">Gateway</span>
        <span class="number">Budgea</span>
        <span class="number">Tries</span>
      </div>
      {shown.length === 0 && <p class="empty">{emptyText(onlyErrors)}</p>}
      <ol class="calls" aria-label="Calls, newest first">
        {shown.slice(0, all ? undefined : initialCount).map((call) => (
          <li key={call.request_id}>
            <Row call={call} name={nameOf(call.partner)} open={open === call.request_id} toggle={toggle} />
          </li>
        ))}
      </ol>
      {shown.length > initialCount && (
        <button type="button" class="more" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? 'Show fewer' : `${shown.length - initialCount} earlier`}
        </button>
      )}
    </Panel>
  );
}

function Filter({ on, set }: { on: boolean; set: (on: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={on} onChange={() => set(!on)} />
      Errors only
    </label>
  );
}

const emptyText = (onlyErrors: boolean): string =>
  onlyErrors ? 'No errors.' : 'No calls yet. The terminal shows example calls.';

interface RowProps {
  call: CallEvent;
  name: string | undefined;
  open: boolean;
  toggle: (id: string) => void;
}

function Row({ call, name, open, toggle }: RowProps) {
  const { request_id, time, status, outcome, partner, kind, duration_ms, upstream_ms, upstream_attempts } = call;
  const details = `call-${request_id}`;
  return (
    <>
      <button
        type="button"
        class="call"
        aria-expanded={open}
        aria-controls={open ? details : undefined}
        onClick={() => toggle(request_id)}
      >
        <span class="when">{timeOfDay(time)}</span>
        <span class={`status ${outcome}`}>{status}</span>
        <span class="operation">
          {call.request.method} <b>{call.request.path.replace('/2.0', '')}</b>
        </span>
        <span class="partner">{name ?? partner ?? '–'}</span>
        <span class="kind">{kind ?? 'none'}</span>
        <span class="number own">
          <Label>gateway</Label> {duration(Math.max(0, duration_ms - upstream_ms))}
        </span>
        <span class="number upstream">
          <Label>Budgea</Label> {upstream_attempts > 0 ? duration(upstream_ms) : '–'}
        </span>
        <span class={`number tries ${upstream_attempts > 1 ? 'several' : ''}`}>
          {upstream_attempts}
          <Label> {upstream_attempts === 1 ? 'try' : 'tries'}</Label>
        </span>
      </button>
      {open && <CallDetails id={details} call={call} name={name} />}
    </>
  );
}

/** A label for screen readers, and for screens without column heads. */
function Label({ children }: { children: preact.ComponentChildren }) {
  return <span class="label">{children}</span>;
}
