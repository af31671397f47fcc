import { useState } from 'preact/hooks';
import type { CallEvent } from '../events.ts';
import type { PartnerView } from '../wire.ts';
import { Panel } from './panel.tsx';
import { duration, timeOfDay } from './time.tsx';
import { Way } from './way.tsx';

/** So many are shown before one asks for more. */
const few = 25;

interface CallsProps {
  /** The newest first. */
  calls: readonly CallEvent[];
  partners: readonly PartnerView[];
}

/** The calls as they happen. While one is open the others hold still. */
export function Calls({ calls, partners }: CallsProps) {
  const [open, setOpen] = useState<string>();
  const [held, setHeld] = useState<readonly CallEvent[]>();
  const [onlyTrouble, setOnlyTrouble] = useState(false);
  const [all, setAll] = useState(false);

  const wanted = (call: CallEvent) => !onlyTrouble || call.status >= 400;
  const shown = (held ?? calls).filter(wanted);
  const missed = held === undefined ? 0 : calls.filter(wanted).findIndex((call) => call === shown[0]);
  const release = () => {
    setHeld(undefined);
    setOpen(undefined);
  };
  const toggle = (id: string) => {
    if (open === id) return release();
    setHeld(held ?? calls);
    setOpen(id);
  };
  const nameOf = (clientId: string | undefined) => partners.find(({ client_id }) => client_id === clientId)?.name;

  return (
    <Panel id="calls" title="Calls" aside={<Filter on={onlyTrouble} set={setOnlyTrouble} />}>
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
      {shown.length === 0 && <p class="empty">{emptiness(onlyTrouble)}</p>}
      <ol class="calls" aria-label="Calls, the newest first">
        {shown.slice(0, all ? undefined : few).map((call) => (
          <li key={call.request_id}>
            <Row call={call} name={nameOf(call.partner)} open={open === call.request_id} toggle={toggle} />
          </li>
        ))}
      </ol>
      {shown.length > few && (
        <button type="button" class="more" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? `The last ${few} alone` : `${shown.length - few} earlier`}
        </button>
      )}
    </Panel>
  );
}

function Filter({ on, set }: { on: boolean; set: (on: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={on} onChange={() => set(!on)} />
      Refused and failed alone
    </label>
  );
}

const emptiness = (onlyTrouble: boolean): string =>
  onlyTrouble
    ? 'No call was refused or failed.'
    : 'No call yet. The terminal that runs the stack shows calls to paste.';

interface RowProps {
  call: CallEvent;
  name: string | undefined;
  open: boolean;
  toggle: (id: string) => void;
}

function Row({ call, name, open, toggle }: RowProps) {
  const { request_id, time, status, outcome, partner, kind, duration_ms, upstream_ms, upstream_attempts } = call;
  const way = `way-${request_id}`;
  return (
    <>
      <button
        type="button"
        class="call"
        aria-expanded={open}
        aria-controls={open ? way : undefined}
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
      {open && <Way id={way} call={call} name={name} />}
    </>
  );
}

/** Said where the columns have no heads, and to whoever does not see them. */
function Label({ children }: { children: preact.ComponentChildren }) {
  return <span class="label">{children}</span>;
}
