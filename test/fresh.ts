import { vi } from 'vitest';

// Test files share a process, and with it the packages, which take longer to load than most files to run. The project's own modules, the
// environment variables and standard error are reset for each file.

// Only the global object outlives a file.
const shared = globalThis as { environment?: NodeJS.ProcessEnv };
const environment = (shared.environment ??= { ...process.env });

for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
Object.assign(process.env, environment);
// Restores the method of the stream's class.
Reflect.deleteProperty(process.stderr, 'write');
vi.resetModules();
