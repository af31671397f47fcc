import { useState } from 'preact/hooks';
import type { PartnerView, NewKey } from '../wire.ts';
import { post, type Resource, useAction } from './hooks.ts';
import { KeyDialog, NewPartner } from './partner-dialogs.tsx';
import { Fault, Panel } from './panel.tsx';
import { Age, Countdown } from './time.tsx';

/** The partners with their keys, grants and users. */
export function Partners({ partners: { value = [], fault, refresh } }: { partners: Resource<PartnerView[]> }) {
  const [creating, setCreating] = useState(false);
  const [newKey, setNewKey] = useState<NewKey>();
  const created = (key: NewKey) => {
    setCreating(false);
    setNewKey(key);
    refresh();
  };
  return (
    <Panel
      id="partners"
      title="Partners"
      fault={fault}
      aside={
        <button type="button" onClick={() => setCreating(true)}>
          New partner
        </button>
      }
    >
      {value.map((partner) => (
        <Partner key={partner.client_id} partner={partner} keyCreated={created} changed={refresh} />
      ))}
      {creating && <NewPartner created={created} close={() => setCreating(false)} />}
      {newKey && <KeyDialog newKey={newKey} close={() => setNewKey(undefined)} />}
    </Panel>
  );
}

interface PartnerProps {
  partner: PartnerView;
  keyCreated: (key: NewKey) => void;
  changed: () => void;
}

function Partner({ partner, keyCreated, changed }: PartnerProps) {
  const { client_id, name, status, keys, redirect_uris, grants, users, userCount } = partner;
  const { busy, fault, run } = useAction();
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
          title={keys.length > 1 ? 'A partner has at most two keys. Retire one first.' : undefined}
          aria-label={`New key for ${name}`}
          onClick={() => run(async () => keyCreated(await post<NewKey>(`partners/${client_id}/keys`)))}
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
                <code>{id}</code> created <Age since={created} ago />,{' '}
                {lastUsed === undefined ? 'never used' : `last used on ${lastUsed}`}
                {keys.length > 1 && (
                  <button
                    type="button"
                    disabled={busy}
                    aria-label={`Retire key ${id} of ${name}`}
                    onClick={() => run(() => post(`partners/${client_id}/keys/${id}/retire`).then(changed))}
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

/** The number of users that are shown at first. */
const initialCount = 12;

function Users({ users, count }: { users: PartnerView['users']; count: number }) {
  return (
    <>
      <UserList users={users.slice(0, initialCount)} />
      {users.length > initialCount && (
        <details>
          <summary>{count - initialCount} more</summary>
          <UserList users={users.slice(initialCount)} />
          {count > users.length && <p class="empty">and {count - users.length} more</p>}
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
              (expires in <Countdown to={expiresAt} past="a moment" />)
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
