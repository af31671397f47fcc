declare module 'dynalite/db/index.js' {
  import type { AttributeValue } from '@aws-sdk/client-dynamodb';

  type Attributes = Record<string, AttributeValue>;

  /** What dynalite keeps of a table. */
  export interface TableDescription {
    TableName: string;
    GlobalSecondaryIndexes: readonly object[];
  }

  const store: {
    /** The key of an item in its table. */
    createKey: (item: Attributes, table: TableDescription) => string;
    /** What has to be written into indexes when an item takes the place of another. */
    getIndexActions: (
      indexes: readonly object[],
      existing: undefined,
      item: Attributes,
      table: TableDescription,
    ) => { puts: { index: string; key: string; item: Attributes }[] };
  };
  export default store;
}
