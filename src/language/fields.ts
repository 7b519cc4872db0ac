/** How a field is told to a person: its type, default and values, and what its publisher says of it. */
import type { Schema } from '../engine/index.ts';
import { code, plain } from './markdown.ts';

/** `string`, `list of mappings`, `true or false`: short enough for a list of completions. */
export function typeText(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string') return 'number or string';
  if (schema.format === 'quantity') return 'quantity';
  if (schema.enum !== undefined) return 'one of a few';
  if (isDuration(schema)) return 'duration';
  switch (schema.type) {
    case 'array':
      return schema.items?.type === undefined ? 'list' : `list of ${plural[schema.items.type]}`;
    case 'object':
      return schema.additionalProperties && schema.properties === undefined ? 'map' : 'mapping';
    case 'boolean':
      return 'true or false';
    case 'integer':
      return 'whole number';
    default:
      return schema.type ?? 'anything';
  }
}

const plural = {
  object: 'mappings',
  array: 'lists',
  string: 'strings',
  integer: 'whole numbers',
  number: 'numbers',
  boolean: 'booleans',
};

export function isDuration(schema: Schema): boolean {
  return schema.pattern?.includes('ms|s|m|h') ?? false;
}

/** A hover's text. */
export function fieldText(name: string, schema: Schema, required: boolean): string {
  const facts = [typeText(schema), ...(required ? ['required'] : [])];
  const lines = [`**${plain(name)}** (${facts.join(', ')})`];
  if (schema.description !== undefined) lines.push(plain(shortened(schema.description)));
  const { default: fallback, enum: values } = schema;
  if (values !== undefined) lines.push(`Values: ${values.map((value) => code(String(value))).join(', ')}`);
  if (fallback !== undefined && typeof fallback !== 'object') lines.push(`Default: ${code(String(fallback))}`);
  return lines.join('\n\n');
}

/** Some descriptions are whole manuals (Quantity's has 40 lines). */
function shortened(description: string): string {
  return description.length > 1200 ? `${description.slice(0, 1200)}…` : description;
}
