import { ok, open, type Check } from '../check.ts';

/** Whether anybody may call the gateway. */
export const partners: Check = {
  name: 'partners',
  async run({ toType }) {
    const { listPartners } = await import('../../../lib/partners/directory.ts');
    let [active, disabled] = [0, 0];
    try {
      for await (const { status } of listPartners()) {
        if (status === 'active') active++;
        else disabled++;
      }
    } catch (error) {
      // The table has a check of its own.
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return open('There is no table.');
      throw error;
    }
    if (active === 0) return open('Nobody may call the gateway yet.', [toType('partners create --name "My app"')]);
    return ok(`${active} may call the gateway${disabled === 0 ? '' : `, ${disabled} may not any more`}.`);
  },
};
