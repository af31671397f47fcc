import { useEffect, useReducer } from 'preact/hooks';
import type { ChangeSource, PartnerView, StackView } from '../wire.ts';
import { Calls } from './calls.tsx';
import { Certificates } from './certificates.tsx';
import { followEvents } from './events.ts';
import { usePulse, useResource } from './hooks.ts';
import { Partners } from './partners.tsx';
import { Sandbox } from './sandbox.tsx';
import { Secrets } from './secrets.tsx';
import { initialState, reduce, type State } from './state.ts';

const connectionTexts: Record<State['connection'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Disconnected',
};

/** The page. */
export function App() {
  const [{ connection, connections, calls, jobs, changes }, dispatch] = useReducer(reduce, initialState);
  useEffect(() => followEvents(dispatch), []);
  const stack = useResource<StackView>('stack', connections).value;
  const pulse = usePulse(stack?.ownAws === false);
  const version = (what: ChangeSource) => connections && `${connections} ${changes[what]} ${pulse}`;
  const partners = useResource<PartnerView[]>('partners', version('table'));
  return (
    <>
      <header class="top">
        <h1>Gateway console</h1>
        <p class={`connection ${connection}`} role="status">
          {connectionTexts[connection]}
        </p>
        <nav aria-label="On this page">
          <a href="#calls">Calls</a>
          <a href="#partners">Partners</a>
          {stack?.sandbox && <a href="#sandbox">Sandbox</a>}
          <a href="#secrets">Secrets</a>
          <a href="#certificates">Certificates</a>
        </nav>
        {stack && (
          <nav aria-label="Elsewhere" class="elsewhere">
            <a href="/docs">API page</a>
            <a href={stack.demoApp}>Demo application</a>
          </nav>
        )}
      </header>
      <main>
        <div class="wide">
          <Calls calls={calls} partners={partners.value ?? []} />
          <Partners partners={partners} />
        </div>
        <div class="narrow">
          {stack?.sandbox && <Sandbox version={version('sandbox')} />}
          <Secrets jobs={jobs} version={version('secrets')} />
          <Certificates jobs={jobs} version={version('table')} />
        </div>
      </main>
      {stack && <Addresses stack={stack} />}
    </>
  );
}

function Addresses({ stack: { gateway, budgea, sandbox, secretsManager, dynamodb } }: { stack: StackView }) {
  return (
    <footer>
      <dl>
        <dt>Gateway</dt>
        <dd>{gateway}</dd>
        <dt>{sandbox ? 'Sandbox Budgea' : 'Budgea'}</dt>
        <dd>{budgea}</dd>
        <dt>Secrets Manager</dt>
        <dd>{secretsManager}</dd>
        <dt>DynamoDB</dt>
        <dd>{dynamodb}</dd>
      </dl>
    </footer>
  );
}
