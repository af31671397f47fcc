import { useState } from 'preact/hooks';
import type { PartnerView, ShownKey } from '../wire.ts';
import { tell } from './ask.ts';
import { useDoing, type Resource } from './hooks.ts';
import { NewPartner } from './new-partner.tsx';
import { Fault, Panel } from './panel.tsx';
import { ShownOnce } from './shown-once.tsx';
import { Age, Countdown } from './time.tsx';

/** The partners, their keys, users and grants. */
export function Partners({ partners: { value = [], fault, refresh } }: { partners: Resource<PartnerView[]> }) {
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<ShownKey>();
  const made = (key: ShownKey) => {
    setMaking(false);
    setShown(key);
    refresh();
  };
  return (
    <Panel
      id="partners"
      title="Partners"
      fault={fault}
      aside={
        <button type="button" onClick={() => setMaking(true)}>
          New partner
        </button>
      }
    >
      {value.map((partner) => (
        <Partner key={partner.client_id} partner={partner} made={made} changed={refresh} />
      ))}
      {making && <NewPartner made={made} close={() => setMaking(false)} />}
      {shown && <ShownOnce shown={shown} close={() => setShown(undefined)} />}
    </Panel>
  );
}

interface PartnerProps {
  partner: PartnerView;
  made: (key: ShownKey) => void;
  changed: () => void;
}

function Partner({ partner, made, changed }: PartnerProps) {
  const { client_id, name, status, keys, redirect_uris, grants, users, userCount } = partner;
  const { busy, fault, run } = useDoing();
  const title = `partner-${client_id}`;
  return (
    <article class="partner" aria-labelledby={title}>
      <header>
        <h3 id={title}>
          {name} <code>{client_id}</code> {status === 'disabled' && <b class="status refused">disabled</b>}
        </h3>
        <button
          type="button"
          disabled={busy || keys.length > 1}
          title={keys.length > 1 ? 'A partner has two keys at most: retire one first' : undefined}
          aria-label={`New key for ${name}`}
          onClick={() => run(async () => made(await tell<ShownKey>(`partners/${client_id}/keys`)))}
        >
          New key
        </button>
      </header>
      <dl>
        <dt>Keys</dt>
        <dd>
          <ul>
            {keys.map(({ id, created, lastUsed }) => (
              <li key={id}>
                <code>{id}</code> made <Age since={created} ago />,{' '}
                {lastUsed === undefined ? 'not used yet' : `used on ${lastUsed}`}
                {keys.length > 1 && (
                  <button
                    type="button"
                    disabled={busy}
                    aria-label={`Retire key ${id} of ${name}`}
                    onClick={() => run(() => tell(`partners/${client_id}/keys/${id}/retire`).then(changed))}
                  >
                    Retire
                  </button>
                )}
              </li>
            ))}
          </ul>
        </dd>
        <dt>Grants</dt>
        <dd>{grants.length === 0 ? 'none' : grants.map((grant) => <code key={grant}>{grant}</code>)}</dd>
        <dt>Redirect URIs</dt>
        <dd>{redirect_uris.length === 0 ? 'none' : redirect_uris.map((uri) => <code key={uri}>{uri}</code>)}</dd>
        <dt>Users</dt>
        <dd>{userCount === 0 ? 'none' : <Users users={users} count={userCount} />}</dd>
      </dl>
      <Fault>{fault}</Fault>
    </article>
  );
}

/** So many are shown without being asked for. */
const few = 12;

function Users({ users, count }: { users: PartnerView['users']; count: number }) {
  return (
    <>
      <UserList users={users.slice(0, few)} />
      {users.length > few && (
        <details>
          <summary>{count - few} more</summary>
          <UserList users={users.slice(few)} />
          {count > users.length && <p class="empty">and {count - users.length} that are not shown</p>}
        </details>
      )}
    </>
  );
}

function UserList({ users }: { users: PartnerView['users'] }) {
  return (
    <ul class="users">
      {users.map(({ id, expiresAt }) => (
        <li key={id}>
          <code>{id}</code>
          {expiresAt !== undefined && (
            <>
              {' '}
              (for <Countdown to={expiresAt} past="no longer" />)
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
