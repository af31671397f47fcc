import { registerHooks } from 'node:module';

// Replaces the runtime client's native part, which is not built here, by an implementation of the same protocol.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== './rapid-client.node') return next(specifier, context);
    return { url: import.meta.resolve('./rapid-client.ts'), format: 'module-typescript', shortCircuit: true };
  },
});
