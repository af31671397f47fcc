import { useState } from 'preact/hooks';
import type { ShownKey } from '../wire.ts';
import { Dialog } from './dialog.tsx';

/** A new key, for as long as this is open and never again. */
export function ShownOnce({
  shown: { client_id, client_secret, key_id, name },
  close,
}: {
  shown: ShownKey;
  close: () => void;
}) {
  const [copied, setCopied] = useState<string>();
  const copy = () =>
    navigator.clipboard.writeText(client_secret).then(
      () => setCopied('Copied.'),
      () => setCopied('The browser does not let it be copied: select it instead.'),
    );
  return (
    <Dialog title={`A key for ${name}`} close={close}>
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
        It is the partner’s key, also for <code>Authorization</code> and <code>x-api-key</code>. It is not shown again:
        only its hash is kept.
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
