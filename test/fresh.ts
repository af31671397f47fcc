import { vi } from 'vitest';

// Files of tests share a process, and with it the packages, which take longer to load than most files to run. The project's own modules, the
// settings and standard error are new for each file, as in a process of its own.

// Nothing but the global object outlives a file.
const shared = globalThis as { environment?: NodeJS.ProcessEnv };
const environment = (shared.environment ??= { ...process.env });

for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
Object.assign(process.env, environment);
// What stands before the stream's own method.
Reflect.deleteProperty(process.stderr, 'write');
vi.resetModules();
