import { type Certificate, storeCertificate, readStoredCertificate } from '#lib/jobs/certificates.ts';
import { env } from '#lib/config/env.ts';
import { GatewayError } from '#lib/errors.ts';
import { type Call, isPartner } from '#lib/operations/call.ts';
import { serve } from '#lib/http/serve.ts';
import { authenticatePartner } from '#lib/partners/authenticate.ts';
import { callUpstream, signed } from '#lib/secrets/signing.ts';

/** `GET /certificate/{type}`. Returns the stored certificate to partners, and upstream's response to user tokens. */
export const handler = serve(
  'certificate_type_get',
  async (call, { type, expand }) => {
    if (!isPartner(call.caller)) return callUpstream(call, (budgea) => budgea.certificateTypeGet(type, { expand }));
    if (expand !== undefined) {
      throw new GatewayError('invalidValue', {
        description: 'expand is only available with a user token: partners get the stored copy.',
      });
    }
    if (!env.certificateTypes().includes(type)) {
      throw new GatewayError('notFound', { description: 'The gateway does not store certificates of this type.' });
    }
    return (await storedCopy(type)) ?? fetchFirst(call, type);
  },
  authenticatePartner,
);

async function storedCopy(type: string): Promise<Certificate | undefined> {
  const stored = await readStoredCertificate(type).catch((cause: unknown) => {
    throw new GatewayError('unavailable', { detail: 'the stored certificate cannot be read', cause });
  });
  return stored?.certificate;
}

async function fetchFirst(call: Call, type: string): Promise<Certificate> {
  const fetched = await signed(call, 'manage-token', (budgea) => budgea.certificateTypeGet(type));
  // The caller gets its certificate even if storing fails; the scheduled job stores it later.
  const { count } = call.log;
  await storeCertificate(type, fetched, count).catch(() => count.push('CertificateNotKept'));
  return fetched;
}
