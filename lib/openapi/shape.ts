import type { Schema } from './schema.ts';

/** What a value is, in words: its type, or the values that it can have. */
export function shapeOf(schema: Schema): string {
  const { type, anyOf, items, properties } = schema;
  if (anyOf !== undefined) return [...new Set(anyOf.map(shapeOf))].join(' or ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(' or ');
  if (items !== undefined) return `array of ${shapeOf(items)}`;
  if (properties !== undefined) return `object with ${Object.entries(properties).map(nameAndShape).join(', ')}`;
  return [type ?? 'anything'].flat().join(' or ');
}

/** What a value has to be like beyond its type, in words; empty when there is no more to say. */
export function limitsOf({ description, maxLength, default: usual, ...schema }: Schema): string {
  const patterns = [schema, ...(schema.anyOf ?? []), ...(schema.allOf ?? [])].map(({ pattern }) => pattern);
  const limits = [
    description,
    // The description of a length's check names the length.
    maxLength === undefined || description?.includes(String(maxLength)) ? undefined : `at most ${maxLength} characters`,
    ...patterns.map((pattern) => (pattern === undefined ? undefined : `\`${pattern}\``)),
    usual === undefined ? undefined : `\`${String(usual)}\` if left out`,
  ];
  return limits.filter((limit) => limit !== undefined).join('; ');
}

function nameAndShape([name, schema]: readonly [string, Schema]): string {
  return `\`${name}\` (${shapeOf(schema)})`;
}
