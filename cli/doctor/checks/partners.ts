import { ok, open, type Check } from '../check.ts';

/** Whether anybody may call the gateway. */
export const partners: Check = {
  name: 'partners',
  async run({ toType }) {
    const { listPartners } = await import('#lib/partners/directory.ts');
    let [active, disabled] = [0, 0];
    for await (const { status } of listPartners()) {
      if (status === 'active') active++;
      else disabled++;
    }
    if (active === 0) return open('Nobody may call the gateway yet.', [toType('partners create --name "My app"')]);
    return ok(`${active} may call the gateway${disabled === 0 ? '' : `, ${disabled} may not any more`}.`);
  },
};
