import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { NewKey } from '../wire.ts';
import { post, useAction } from './hooks.ts';
import { Dialog, Fault } from './panel.tsx';

/** The form for a new partner. */
export function NewPartner({ created, close }: { created: (key: NewKey) => void; close: () => void }) {
  const { busy, fault, run } = useAction();
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = {
      name: form.get('name'),
      redirect_uris: words(form.get('redirect_uris')),
      grants: words(form.get('grants')),
    };
    run(async () => created(await post<NewKey>('partners', body)));
  };
  return (
    <Dialog title="New partner" close={close}>
      <form onSubmit={submit}>
        <label>
          Name
          <input name="name" required maxLength={100} autocomplete="off" />
        </label>
        <label>
          Redirect URIs
          <textarea name="redirect_uris" rows={2} aria-describedby="uris-hint" />
          <small id="uris-hint">URIs to which webauth may redirect, one per line. Optional.</small>
        </label>
        <label>
          Grants
          <textarea name="grants" rows={2} aria-describedby="grants-hint" />
          <small id="grants-hint">
            One per line: users:all, jwt:permanent, jwt:scope:SCOPE, admin:jwt:SCOPE:MINUTES. Optional.
          </small>
        </label>
        <Fault>{fault}</Fault>
        <p class="buttons">
          <button type="submit" class="main" disabled={busy}>
            Create
          </button>
          <button type="button" onClick={close}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  );
}

/** URIs and grants contain no spaces. */
function words(entry: FormDataEntryValue | null): string[] {
  return typeof entry === 'string' ? entry.split(/\s+/).filter((word) => word !== '') : [];
}

/** Shows a new key once. */
export function KeyDialog({ newKey, close }: { newKey: NewKey; close: () => void }) {
  const { client_id, client_secret, key_id, name } = newKey;
  const [copied, setCopied] = useState<string>();
  const copy = () =>
    navigator.clipboard.writeText(client_secret).then(
      () => setCopied('Copied.'),
      () => setCopied('The browser blocked the clipboard. Select the key instead.'),
    );
  return (
    <Dialog title={`New key of ${name}`} close={close}>
      <dl>
        <dt>client_id</dt>
        <dd>
          <code>{client_id}</code>
        </dd>
        <dt>client_secret</dt>
        <dd>
          <code class="key">{client_secret}</code>
        </dd>
        <dt>key id</dt>
        <dd>
          <code>{key_id}</code>
        </dd>
      </dl>
      <p>
        The key also works in <code>Authorization</code> and <code>x-api-key</code>. It is not shown again: only its
        hash is stored.
      </p>
      <p class="buttons">
        <button type="button" class="main" onClick={() => void copy()}>
          Copy the client_secret
        </button>
        <button type="button" onClick={close}>
          Done
        </button>
        <output>{copied}</output>
      </p>
    </Dialog>
  );
}
