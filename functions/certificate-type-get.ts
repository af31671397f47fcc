import { type Certificate, storeCertificate, readStoredCertificate } from '#lib/jobs/certificates.ts';
import { env } from '#lib/config/env.ts';
import { GatewayError } from '#lib/errors.ts';
import { type Call, isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { callUpstream, signed } from '#lib/secrets/signing.ts';

/** `GET /certificate/{type}`: a partner gets the kept certificate, a token's owner upstream's answer. */
export const handler = serve(
  'certificate_type_get',
  async (call, { type, expand }) => {
    if (!isPartner(call.caller)) return callUpstream(call, (budgea) => budgea.certificateTypeGet(type, { expand }));
    if (expand !== undefined) {
      throw new GatewayError('invalidValue', {
        description: 'expand is for user tokens: a partner gets the kept copy.',
      });
    }
    if (!env.certificateTypes().includes(type)) {
      throw new GatewayError('notFound', { description: 'The gateway does not keep certificates of this type.' });
    }
    return (await keptCopy(type)) ?? fetchFirst(call, type);
  },
  authenticatePartner,
);

async function keptCopy(type: string): Promise<Certificate | undefined> {
  const kept = await readStoredCertificate(type).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the kept certificate cannot be read', cause });
  });
  return kept?.certificate;
}

async function fetchFirst(call: Call, type: string): Promise<Certificate> {
  const fetched = await signed(call, 'manage-token', (budgea) => budgea.certificateTypeGet(type));
  // The caller has its certificate; the scheduled job keeps it next time.
  const { count } = call.log;
  await storeCertificate(type, fetched, count).catch(() => count.push('CertificateNotKept'));
  return fetched;
}
