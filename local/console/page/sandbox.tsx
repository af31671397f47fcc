import { useEffect, useState } from 'preact/hooks';
import type { SandboxView } from '../wire.ts';
import { tell } from './ask.ts';
import { useDoing, useResource, type Version } from './hooks.ts';
import { Fault, Panel } from './panel.tsx';
import { clock, duration } from './time.tsx';

const latencies = [0, 200, 1_000, 5_000, 30_000];
const answers = [
  { answer: 'bug', name: '500 bug' },
  { answer: 'maintenance', name: '503 maintenance' },
  { answer: 'tooManyRequests', name: '429 too many requests' },
  { answer: 'html', name: '502 page of the network' },
  { answer: 'reset', name: 'connection reset' },
  { answer: 'lost', name: 'answer lost after all is done' },
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

/** Makes trouble at the sandbox, as curl could: the gateway has to cope. */
export function Sandbox({ version }: { version: Version }) {
  const { value: sandbox, fault } = useResource<SandboxView>('sandbox', version);
  const doing = useDoing();
  const [said, setSaid] = useState<string>();
  const control = (what: string, body: object, done?: (answer: Record<string, unknown>) => string) =>
    doing.run(async () => {
      setSaid(undefined);
      const answer = await tell<Record<string, unknown>>(`sandbox/${what}`, body);
      if (done !== undefined) setSaid(done(answer));
    });
  return (
    <Panel id="sandbox" title="Sandbox" fault={fault}>
      {sandbox && (
        <>
          <Latency
            now={sandbox.latency}
            fault={doing.fault}
            set={(milliseconds) => control('latency', { milliseconds })}
          />
          <Failures sandbox={sandbox} control={control} />
          <div class="control">
            <span id="time-title">
              Its time {sandbox.ahead === 0 ? 'is the machine’s' : <b>is {clock(sandbox.ahead * 1_000)} ahead</b>}
            </span>
            <span role="group" aria-labelledby="time-title" class="buttons">
              {advances.map(({ seconds, name }) => (
                <button key={name} type="button" onClick={() => control('clock', { advance: seconds })}>
                  <span class="label">Move it by </span>+{name}
                </button>
              ))}
            </span>
          </div>
          <div class="control">
            <span>What Budgea does by itself</span>
            <span class="buttons">
              <button type="button" onClick={() => control('manage-tokens/revoke', { all: true }, revoked)}>
                Revoke the manage JWT
              </button>
              <button type="button" onClick={() => control('certificates', { type: 'qwac' }, issued)}>
                Issue another qwac
              </button>
            </span>
          </div>
        </>
      )}
      <output class="said">{said}</output>
      <Fault>{doing.fault}</Fault>
    </Panel>
  );
}

const revoked = ({ revoked: count }: Record<string, unknown>) =>
  `${String(count)} manage JWT${count === 1 ? '' : 's'} revoked: calls signed with it answer 503 until a rotation.`;
const issued = ({ id }: Record<string, unknown>) => `Certificate ${String(id)} is issued: the next fetch finds it.`;

interface LatencyProps {
  now: number;
  /** Why it could not be set. */
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
      <legend>Every call waits</legend>
      <span class="choices">
        {latencies.map((latency) => (
          <label key={latency}>
            <input type="radio" name="latency" checked={latency === chosen} onChange={() => choose(latency)} />
            {latency === 0 ? 'not' : duration(latency).replace('.0', '')}
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
        {failures.length === 0 ? (
          'Calls are answered as they should be'
        ) : (
          <b>To come: {failures.map(planned).join('; ')}</b>
        )}
      </span>
      <span role="group" aria-labelledby="failures-title" class="buttons">
        <select
          aria-label="What goes wrong"
          value={answer}
          onChange={({ currentTarget }) => setAnswer(currentTarget.value)}
        >
          {answers.map((each) => (
            <option key={each.answer} value={each.answer}>
              {each.name}
            </option>
          ))}
        </select>
        <select
          aria-label="For which calls"
          value={often}
          onChange={({ currentTarget }) => setOften(currentTarget.value)}
        >
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
          Break
        </button>
        <button type="button" disabled={failures.length === 0} onClick={() => control('calm', {})}>
          Mend
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
