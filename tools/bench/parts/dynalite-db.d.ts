declare module 'dynalite/db/index.js' {
  import type { AttributeValue } from '@aws-sdk/client-dynamodb';

  type Attributes = Record<string, AttributeValue>;

  /** dynalite's description of a table. */
  export interface TableDescription {
    TableName: string;
    GlobalSecondaryIndexes: readonly object[];
  }

  const store: {
    /** Returns the key of an item in its table. */
    createKey: (item: Attributes, table: TableDescription) => string;
    /** Returns the index entries of an item that replaces another one. */
    getIndexActions: (
      indexes: readonly object[],
      existing: undefined,
      item: Attributes,
      table: TableDescription,
    ) => { puts: { index: string; key: string; item: Attributes }[] };
  };
  export default store;
}
