import type { TargetedSubmitEvent } from 'preact';
import type { ShownKey } from '../wire.ts';
import { tell } from './ask.ts';
import { Dialog } from './dialog.tsx';
import { useDoing } from './hooks.ts';
import { Fault } from './panel.tsx';

/** Asks for what a new partner starts with, and makes it. */
export function NewPartner({ made, close }: { made: (key: ShownKey) => void; close: () => void }) {
  const { busy, fault, run } = useDoing();
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = {
      name: form.get('name'),
      redirect_uris: words(form.get('redirect_uris')),
      grants: words(form.get('grants')),
    };
    run(async () => made(await tell<ShownKey>('partners', body)));
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
          <small id="uris-hint">Where webauth may send browsers back to, one a line. None is fine.</small>
        </label>
        <label>
          Grants
          <textarea name="grants" rows={2} aria-describedby="grants-hint" />
          <small id="grants-hint">
            One a line: users:all, jwt:permanent, jwt:scope:SCOPE, admin:jwt:SCOPE:MINUTES. None is usual.
          </small>
        </label>
        <Fault>{fault}</Fault>
        <p class="buttons">
          <button type="submit" class="main" disabled={busy}>
            Make it
          </button>
          <button type="button" onClick={close}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  );
}

/** What a text area holds: neither URIs nor grants have spaces. */
function words(entry: FormDataEntryValue | null): string[] {
  return typeof entry === 'string' ? entry.split(/\s+/).filter((word) => word !== '') : [];
}
