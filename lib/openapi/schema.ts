import * as z from 'zod/mini';

/** A JSON Schema, as OpenAPI 3.1 takes it. */
export interface Schema {
  type?: string | readonly string[];
  description?: string;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
  items?: Schema;
  enum?: readonly Literal[];
  const?: Literal;
  default?: Literal;
  pattern?: string;
  maxLength?: number;
  format?: string;
  dependentRequired?: Readonly<Record<string, readonly string[]>>;
  additionalProperties?: boolean | Schema;
  $ref?: string;
}

/** The same schema with words for its fields, however deep; what they have to be like follows the words. Throws on a field without words. */
export function described(schema: Schema, words: Readonly<Record<string, string>>): Schema {
  const { properties, items, anyOf } = schema;
  return {
    ...schema,
    ...(properties && { properties: mapped(properties, words) }),
    ...(items && { items: described(items, words) }),
    ...(anyOf && { anyOf: anyOf.map((each) => described(each, words)) }),
  };
}

function mapped(properties: NonNullable<Schema['properties']>, words: Readonly<Record<string, string>>) {
  const pairs = Object.entries(properties).map(([name, schema]) => {
    const told = words[name];
    if (told === undefined) throw new Error(`the document has no words for ${name}`);
    const form = schema.description === undefined ? '' : ` Expected: ${schema.description}.`;
    return [name, { ...described(schema, words), description: told + form }] as const;
  });
  return Object.fromEntries(pairs);
}

type Literal = string | number | boolean | null;
type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;
type Definition = z.core.$ZodTypes['_zod']['def'];
type Drawn = Parameters<Override>[0]['jsonSchema'];

/** The JSON Schema of what a caller sends or gets: before any transformation, described in the words of the checks' own messages. */
export function jsonSchema(schema: z.core.$ZodType): Schema {
  const { $schema: _, ...drawn } = z.toJSONSchema(schema, { io: 'input', override: refine });
  return drawn as Schema; // It has these keywords alone, as long as the schemas are of this project's kind.
}

const refine: Override = ({ zodSchema, jsonSchema: drawn }) => {
  const { def } = zodSchema._zod;
  // Every whole number in JavaScript has these bounds: they say nothing about the field.
  if (drawn.maximum === Number.MAX_SAFE_INTEGER) delete drawn.maximum;
  if (drawn.minimum === Number.MIN_SAFE_INTEGER) delete drawn.minimum;
  if (def.type === 'default') drawn.default = def.defaultValue;
  if (def.type === 'pipe') narrow(drawn, def.out);
  if (drawn.enum === undefined && drawn.const === undefined) describe(drawn, messages(def));
};

/** A number or its digits, and then only such digits as the next step takes. */
function narrow(drawn: Drawn, next: z.core.$ZodType): void {
  const { pattern } = next._zod.def.type === 'string' ? z.toJSONSchema(next) : {};
  if (pattern === undefined) return;
  drawn.anyOf = drawn.anyOf?.map((each) =>
    each.type === 'string' ? { ...each, pattern } : { type: each.type, minimum: 0 },
  );
}

function describe(drawn: Drawn, told: readonly string[]): void {
  if (told.length === 0) return;
  const text = [...new Set([...(drawn.description === undefined ? [] : [drawn.description]), ...told])].join(', ');
  drawn.description = text;
  // Alternatives are told apart by their types.
  for (const each of drawn.anyOf ?? []) delete each.description;
}

/** What the messages ask for, which end a sentence that begins with the field's name. */
function messages({ error, checks = [] }: Definition): string[] {
  const all = [error, ...checks.map((check) => check._zod.def.error)] as (Message | undefined)[]; // Each kind of schema has its own kind of issue.
  const texts = all.map((message) => message?.({})).filter((text) => typeof text === 'string');
  return texts.map((text) => text.replace(/^must (not )?be /, '$1')).filter((text) => text !== 'a string');
}

/** Messages of this project look at no issue. */
type Message = (issue: object) => unknown;
