import type { open, seal } from '#lib/webauth/state.ts';

// A process of its own: seals and opens states one at a time, and prints what each takes of the processor, in microseconds, round by round.

/** One round. */
export interface SealRound {
  seal: number;
  unseal: number;
}

const [, , bundle = '', rounds = '', callsPerRound = ''] = process.argv;
// What the bundled module exports.
const state = (await import(bundle)) as { seal: typeof seal; open: typeof open };
const calls = Number(callsPerRound);
const given = { partner: '12345678', redirectUri: 'https://partner.example/callback', state: 's'.repeat(64) };

const metered: SealRound[] = [];
for (let round = 0; round < Number(rounds) + 2; round += 1) {
  const sealed: string[] = [];
  const one = {
    seal: await processorOf(async () => void sealed.push(await state.seal(given))),
    unseal: await processorOf(async (index) => void (await state.open(sealed[index] ?? ''))),
  };
  // The first rounds are for the compiler.
  if (round >= 2) metered.push(one);
}
process.stdout.write(JSON.stringify(metered), () => process.exit());

async function processorOf(call: (index: number) => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < calls; index += 1) await call(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
