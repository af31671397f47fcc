import { useEffect, useState } from 'preact/hooks';
import type { SandboxView } from '../wire.ts';
import { post, useAction, useResource, type Version } from './hooks.ts';
import { Fault, Panel } from './panel.tsx';
import { clock, duration } from './time.tsx';

const latencies = [0, 200, 1_000, 5_000, 30_000];
const answers = [
  { answer: 'bug', name: '500 bug' },
  { answer: 'maintenance', name: '503 maintenance' },
  { answer: 'tooManyRequests', name: '429 too many requests' },
  { answer: 'html', name: '502 HTML page' },
  { answer: 'reset', name: 'connection reset' },
  { answer: 'lost', name: 'response lost' },
];
const times = [
  { times: 1, name: 'the next call' },
  { times: 5, name: 'the next 5 calls' },
  { times: 'always', name: 'every call' },
];
const advances = [
  { seconds: 600, name: '10 minutes' },
  { seconds: 3_600, name: '1 hour' },
  { seconds: 43_200, name: '12 hours' },
];

/** The sandbox's controls, which curl can use too. */
export function Sandbox({ version }: { version: Version }) {
  const { value: sandbox, fault } = useResource<SandboxView>('sandbox', version);
  const action = useAction();
  const [result, setResult] = useState<string>();
  const control = (what: string, body: object, done?: (answer: Record<string, unknown>) => string) =>
    action.run(async () => {
      setResult(undefined);
      const answer = await post<Record<string, unknown>>(`sandbox/${what}`, body);
      if (done !== undefined) setResult(done(answer));
    });
  return (
    <Panel id="sandbox" title="Sandbox" fault={fault}>
      {sandbox && (
        <>
          <Latency
            now={sandbox.latency}
            fault={action.fault}
            set={(milliseconds) => control('latency', { milliseconds })}
          />
          <Failures sandbox={sandbox} control={control} />
          <div class="control">
            <span id="time-title">
              Clock: {sandbox.ahead === 0 ? 'machine time' : <b>{clock(sandbox.ahead * 1_000)} ahead</b>}
            </span>
            <span role="group" aria-labelledby="time-title" class="buttons">
              {advances.map(({ seconds, name }) => (
                <button key={name} type="button" onClick={() => control('clock', { advance: seconds })}>
                  <span class="label">Advance by </span>+{name}
                </button>
              ))}
            </span>
          </div>
          <div class="control">
            <span>Changes at Budgea</span>
            <span class="buttons">
              <button type="button" onClick={() => control('manage-tokens/revoke', { all: true }, revoked)}>
                Revoke the manage JWT
              </button>
              <button type="button" onClick={() => control('certificates', { type: 'qwac' }, issued)}>
                Issue a qwac certificate
              </button>
            </span>
          </div>
        </>
      )}
      <output class="result">{result}</output>
      <Fault>{action.fault}</Fault>
    </Panel>
  );
}

const revoked = ({ revoked: count }: Record<string, unknown>) =>
  `${String(count)} manage JWT${count === 1 ? '' : 's'} revoked. Calls signed with it are answered 503 until the next rotation.`;
const issued = ({ id }: Record<string, unknown>) => `Certificate ${String(id)} issued. The next fetch stores it.`;

interface LatencyProps {
  now: number;
  /** The error of the last change. */
  fault: string | undefined;
  set: (milliseconds: number) => void;
}

function Latency({ now, fault, set }: LatencyProps) {
  const [chosen, setChosen] = useState(now);
  useEffect(() => setChosen(now), [now, fault]);
  const choose = (latency: number) => {
    setChosen(latency);
    set(latency);
  };
  return (
    <fieldset class="control">
      <legend>Delay of every call</legend>
      <span class="choices">
        {latencies.map((latency) => (
          <label key={latency}>
            <input type="radio" name="latency" checked={latency === chosen} onChange={() => choose(latency)} />
            {latency === 0 ? 'none' : duration(latency).replace('.0', '')}
          </label>
        ))}
      </span>
    </fieldset>
  );
}

interface FailuresProps {
  sandbox: SandboxView;
  control: (what: string, body: object) => void;
}

function Failures({ sandbox: { failures }, control }: FailuresProps) {
  const [answer, setAnswer] = useState('bug');
  const [often, setOften] = useState('1');
  return (
    <div class="control">
      <span id="failures-title">
        {failures.length === 0 ? 'No failures planned' : <b>Planned failures: {failures.map(planned).join('; ')}</b>}
      </span>
      <span role="group" aria-labelledby="failures-title" class="buttons">
        <select aria-label="Failure" value={answer} onChange={({ currentTarget }) => setAnswer(currentTarget.value)}>
          {answers.map((each) => (
            <option key={each.answer} value={each.answer}>
              {each.name}
            </option>
          ))}
        </select>
        <select aria-label="Calls" value={often} onChange={({ currentTarget }) => setOften(currentTarget.value)}>
          {times.map((each) => (
            <option key={each.times} value={String(each.times)}>
              {each.name}
            </option>
          ))}
        </select>
        <button
          type="button"
          onClick={() => control('failures', { answer, times: often === 'always' ? often : Number(often) })}
        >
          Add failure
        </button>
        <button type="button" disabled={failures.length === 0} onClick={() => control('calm', {})}>
          Clear
        </button>
      </span>
    </div>
  );
}

function planned({ answer, path, times: left }: SandboxView['failures'][number]): string {
  const name = answers.find((each) => each.answer === answer)?.name ?? answer;
  const which = left === 'always' ? 'every call' : left === 1 ? 'once' : `${left} times`;
  return `${name}, ${which}${path === undefined ? '' : ` on ${path}`}`;
}
