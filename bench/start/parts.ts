/** What functions are made of, each on its own, to see what their starts are spent on. */
export const parts: Readonly<Record<string, string>> = {
  middy: 'node_modules/@middy/core/index.js',
  'partner-key': 'lib/partners/key.ts',
  'operations-table': 'lib/operations.ts',
  'connection-pool': 'lib/budgea/dispatcher.ts',
  'secrets-manager-client': 'lib/secrets-manager.ts',
  'dynamodb-client': 'lib/table.ts',
};
