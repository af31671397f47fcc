import type { CertificateView, JobEvent } from '../wire.ts';
import { post, useAction, useResource, type Version } from './hooks.ts';
import { Fault, Panel } from './panel.tsx';
import { Age } from './time.tsx';

interface CertificatesProps {
  jobs: readonly JobEvent[];
  /** Changes when the table may have changed. */
  version: Version;
}

/** The certificates that the gateway caches. */
export function Certificates({ jobs, version }: CertificatesProps) {
  const run = jobs.find(({ job }) => job === 'fetch_certificates');
  const { value: certificates = [], fault } = useResource<CertificateView[]>(
    'certificates',
    version && `${version} ${run?.request_id}`,
  );
  const fetching = useAction();
  const failed = run?.outcome === 'failed' ? run.detail : undefined;
  return (
    <Panel
      id="certificates"
      title="Certificates"
      fault={fault}
      aside={
        <button type="button" disabled={fetching.busy} onClick={() => fetching.run(() => post('certificates/fetch'))}>
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
