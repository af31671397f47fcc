import type * as v from 'valibot';

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
  minimum?: number;
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

/** The kinds of schemas that this project has. */
type Kind =
  | v.StringSchema<Message>
  | v.NumberSchema<Message>
  | v.BooleanSchema<Message>
  | v.LiteralSchema<string, Message>
  | v.PicklistSchema<readonly (string | number)[], Message>
  | v.ArraySchema<v.GenericSchema, Message>
  | v.ObjectSchema<v.ObjectEntries, Message>
  | v.LooseObjectSchema<v.ObjectEntries, Message>
  | v.UnionSchema<v.GenericSchema[], Message>
  | v.NullishSchema<v.GenericSchema, undefined>
  | v.OptionalSchema<v.GenericSchema, Literal | undefined>;

/** A schema without its pipe, or what follows it there. */
type Step =
  | Kind
  | v.RegexAction<string, Message>
  | v.MaxLengthAction<string, number, Message>
  | v.MaxBytesAction<string, number, Message>
  | OtherStep;
type OtherStep = {
  type: 'unknown' | 'check' | 'safe_integer' | 'finite' | 'min_value' | 'transform';
  message?: Message;
};
type Message = string | undefined;

/**
 * The JSON Schema of what a caller sends or gets: before any transformation, described in the words of the checks' own messages. Throws on a
 * kind of check that it does not know.
 */
export function jsonSchema(schema: v.GenericSchema): Schema {
  const plain = withoutWords(schema);
  const text = [...new Set([plain.description, ...wordsOf(stepsOf(schema))])].filter((each) => each !== undefined);
  const speaksForItself = text.length === 0 || plain.enum !== undefined || plain.const !== undefined;
  return speaksForItself ? plain : { ...plain, description: text.join(', ') };
}

function withoutWords(schema: v.GenericSchema): Schema {
  return stepsOf(schema).reduce(narrowed, {});
}

/** A pipe in a pipe is one. */
function stepsOf(schema: v.GenericSchema): Step[] {
  const step = schema as unknown as Step & { pipe?: v.GenericSchema[] }; // One of another kind is refused below.
  return step.pipe?.flatMap(stepsOf) ?? [step];
}

function narrowed(drawn: Schema, step: Step): Schema {
  switch (step.type) {
    case 'regex':
      return matching(drawn, step.requirement.source);
    // A character has at least one byte, so a limit in bytes is one in characters too.
    case 'max_length':
    case 'max_bytes':
      return shortened(drawn, step.requirement);
    case 'safe_integer':
      return { ...drawn, type: 'integer' };
    // JSON Schema has no words for these or needs none, or they are about what became of the value.
    case 'unknown':
    case 'check':
    case 'finite':
    case 'min_value':
    case 'transform':
      return drawn;
    default:
      return Object.keys(drawn).length === 0 ? alone(step) : drawn;
  }
}

function alone(schema: Kind): Schema {
  switch (schema.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type: schema.type };
    case 'literal':
      return { type: 'string', const: schema.literal };
    case 'picklist':
      return { type: typeof schema.options[0], enum: schema.options };
    case 'array':
      return { type: 'array', items: jsonSchema(schema.item) };
    case 'object':
    case 'loose_object':
      return object(schema);
    case 'union':
      return oneOf(schema.options.map(withoutWords));
    case 'nullish':
      return oneOf([jsonSchema(schema.wrapped), { type: 'null' }]);
    case 'optional':
      return { ...jsonSchema(schema.wrapped), ...(schema.default !== undefined && { default: schema.default }) };
    default:
      throw new Error(`the document has no words for ${(schema as Step).type}`);
  }
}

function object({ type, entries }: Extract<Kind, { entries: v.ObjectEntries }>): Schema {
  const all = Object.entries(entries);
  const required = all.filter(([, { type: kind }]) => kind !== 'optional' && kind !== 'nullish').map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(all.map(([name, entry]) => [name, jsonSchema(entry)])),
    ...(required.length > 0 && { required }),
    ...(type === 'loose_object' && { additionalProperties: {} }),
  };
}

/** Alternatives are told apart by their types. */
function oneOf(all: readonly Schema[]): Schema {
  const types = all.flatMap(({ type = [], ...more }) => (Object.keys(more).length === 0 ? type : []));
  return types.length < all.length ? { anyOf: all } : { type: types };
}

/** Adds a pattern; where a number or its digits are allowed, to the digits. */
function matching({ anyOf, ...drawn }: Schema, pattern: string): Schema {
  if (anyOf === undefined) return { ...drawn, pattern };
  const only = (each: Schema) => (each.type === 'string' ? { ...each, pattern } : { ...each, minimum: 0 });
  return { ...drawn, anyOf: anyOf.map(only) };
}

/** Adds a maximum length; where a number or a string is allowed, to the string. */
function shortened({ anyOf, ...drawn }: Schema, maxLength: number): Schema {
  if (anyOf === undefined) return { ...drawn, maxLength };
  return { ...drawn, anyOf: anyOf.map((each) => (each.type === 'string' ? { ...each, maxLength } : each)) };
}

/** What the messages ask for, which end a sentence that begins with the field's name. */
function wordsOf(steps: readonly Step[]): string[] {
  const texts = steps
    .map((step) => ('message' in step ? step.message : undefined))
    .filter((text) => text !== undefined);
  return texts.map((text) => text.replace(/^must (not )?be /, '$1')).filter((text) => text !== 'a string');
}
