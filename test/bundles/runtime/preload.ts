import { registerHooks } from 'node:module';

// The runtime client's native part is built where it is installed, which this project never does: its stand-in speaks the same protocol.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== './rapid-client.node') return next(specifier, context);
    return { url: import.meta.resolve('./rapid-client.ts'), format: 'module-typescript', shortCircuit: true };
  },
});
