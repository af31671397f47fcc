import type { Account } from '../account.ts';
import { ok, open, wrong, type Check } from '../check.ts';

/** New accounts may run ten functions at once; everybody else a thousand. Source: AWS Lambda developer guide, “Lambda quotas”. */
const enoughForProduction = 100;

/** How many functions may run at once, before Lambda refuses calls. */
export const concurrency = (deployed: Account): Check => ({
  name: 'concurrency',
  async run({ settings }) {
    const most = await deployed.concurrency();
    if (most === undefined) return open('Lambda does not say how many functions may run at once.');
    const text = `${most} functions may run at once in this account and region`;
    if (most >= enoughForProduction) return ok(`${text}.`);
    const more = 'ask for more in Service Quotas, “Concurrent executions” of AWS Lambda';
    if (settings?.production === true) return wrong(`${text}, too few for production: ${more}.`);
    return ok(`${text}: enough to try it. Before production, ${more}.`);
  },
});
