import { tableFullName } from '#lib/config/names.ts';
import type { Account } from '../account.ts';
import { ok, wrong, type Check } from '../check.ts';

/** Whether there are alarms, whether they tell anybody, and which of them ring. */
export const alarms = (deployed: Account): Check => ({
  name: 'alarms',
  async run({ environment, remedy, settings }) {
    const all = await deployed.alarms();
    if (all.length === 0) return wrong(`There are none. ${remedy}`);
    const short = ({ AlarmName = '' }) => AlarmName.slice(tableFullName(environment).length + 1);
    const ringing = all.filter(({ StateValue }) => StateValue === 'ALARM').map(short);
    if (ringing.length > 0) {
      return wrong(
        `${ringing.length} of ${all.length} ring: ${ringing.join(', ')}. docs/runbook.md has an entry for each.`,
      );
    }
    const silenced = all.filter(({ ActionsEnabled }) => ActionsEnabled === false).map(short);
    if (silenced.length > 0) return wrong(`${silenced.join(', ')}: turned off, so that nobody hears of them.`);
    const unheard = settings !== undefined && settings.alarmEmail === undefined;
    const listener = unheard ? ' Nobody hears of them: infra/environments.ts has no alarmEmail.' : '';
    return ok(`${all.length} watch, and none rings.${listener}`);
  },
});
