import type { JobEvent } from '../events.ts';
import type { CertificateView } from '../wire.ts';
import { tell } from './ask.ts';
import { useDoing, useResource, type Version } from './hooks.ts';
import { Fault, Panel } from './panel.tsx';
import { Age } from './time.tsx';

interface CertificatesProps {
  jobs: readonly JobEvent[];
  /** Another one when the table may have changed. */
  version: Version;
}

/** The certificates that the gateway keeps. */
export function Certificates({ jobs, version }: CertificatesProps) {
  const run = jobs.find(({ job }) => job === 'fetch_certificates');
  const { value: certificates = [], fault } = useResource<CertificateView[]>(
    'certificates',
    version && `${version} ${run?.request_id}`,
  );
  const fetching = useDoing();
  const failed = run?.outcome === 'failed' ? run.detail : undefined;
  return (
    <Panel
      id="certificates"
      title="Certificates"
      fault={fault}
      aside={
        <button type="button" disabled={fetching.busy} onClick={() => fetching.run(() => tell('certificates/fetch'))}>
          Fetch now
        </button>
      }
    >
      <table class="facts">
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col" class="number">
              Id
            </th>
            <th scope="col" class="number">
              Changed
            </th>
            <th scope="col" class="number">
              Confirmed
            </th>
          </tr>
        </thead>
        <tbody>
          {certificates.map(({ type, id, changedAt, confirmedAt }) => (
            <tr key={type}>
              <th scope="row">{type}</th>
              <td class="number">{id ?? 'none yet'}</td>
              <td class="number">{changedAt === undefined ? '–' : <Age since={changedAt} ago />}</td>
              <td class="number">{confirmedAt === undefined ? 'never' : <Age since={confirmedAt} ago />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Fault>{fetching.fault ?? failed}</Fault>
    </Panel>
  );
}
