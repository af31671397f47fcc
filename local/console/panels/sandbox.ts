import { ConsoleRefusal } from '../refusal.ts';
import type { SandboxView } from '../wire.ts';

/** What can be asked of the sandbox's own control, by the last part of its path: see `npm run sandbox -- --help`. */
const controls = new Set(['clock', 'latency', 'failures', 'certificates', 'manage-tokens/revoke']);

/** How the sandbox at `origin` is at the moment. */
export async function readSandbox(origin: string): Promise<SandboxView> {
  const [clock, latency, failures] = await Promise.all(
    ['clock', 'latency', 'failures'].map(async (what) => (await ask(origin, what)) as Record<string, unknown>),
  );
  // As its control says.
  return { ...clock, latency: latency?.['milliseconds'], failures: failures?.['failures'] } as SandboxView;
}

/** Asks the sandbox's control for something, exactly as curl could. Throws ConsoleRefusal in the control's words. */
export async function controlSandbox(origin: string, what: string, body: unknown): Promise<unknown> {
  if (!controls.has(what)) throw new ConsoleRefusal(404, 'The sandbox has no such control.');
  return ask(origin, what, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Calls off every failure that was asked for. */
export async function calmSandbox(origin: string): Promise<void> {
  await ask(origin, 'failures', { method: 'DELETE' });
}

async function ask(origin: string, what: string, init?: RequestInit): Promise<unknown> {
  const answer = await fetch(new URL(`/_sandbox/${what}`, origin), init);
  const body: unknown = answer.status === 204 ? {} : await answer.json();
  if (answer.ok) return body;
  throw new ConsoleRefusal(400, (body as { description?: string }).description ?? 'The sandbox refuses that.');
}
