import type { open, seal } from '#lib/webauth/state.ts';

// A separate process: seals and opens states, and prints the processor time of each, in microseconds, by round.

/** One round. */
export interface SealRound {
  seal: number;
  unseal: number;
}

const [, , bundle = '', rounds = '', callsPerRound = ''] = process.argv;
// The exports of the bundled module.
const state = (await import(bundle)) as { seal: typeof seal; open: typeof open };
const calls = Number(callsPerRound);
const content = { partner: '12345678', redirectUri: 'https://partner.example/callback', state: 's'.repeat(64) };

const metered: SealRound[] = [];
for (let round = 0; round < Number(rounds) + 2; round += 1) {
  const sealed: string[] = [];
  const one = {
    seal: await processorOf(async () => void sealed.push(await state.seal(content))),
    unseal: await processorOf(async (index) => void (await state.open(sealed[index] ?? ''))),
  };
  // The first rounds warm the compiler up.
  if (round >= 2) metered.push(one);
}
process.stdout.write(JSON.stringify(metered), () => process.exit());

async function processorOf(call: (index: number) => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < calls; index += 1) await call(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
