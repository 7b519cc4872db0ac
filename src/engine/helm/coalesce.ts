/**
 * Coalescing: a chart's defaults under what its parent and its user set, globals handed down, and null deleting a
 * default. Helm 4's rules, with Helm 3's where a release asks for it (Helm 3 keeps a default that is null).
 */
import type { Chart } from './chart.ts';
import { copy, isNull, type Slot, type Table, table } from './values.ts';

export interface CoalesceOptions {
  /** Keeps nulls, for the steps before the last one (Helm's MergeValues). */
  readonly keepNulls: boolean;
  readonly helm: 3 | 4;
  /** Told of each value that is passed over, as Helm logs it. */
  readonly warn: (message: string) => void;
}

/** The values that a chart renders with. `values` stays as it is; an error is Helm's own text. */
export function coalesceValues(
  chart: Chart,
  values: Table,
  options: CoalesceOptions,
): Table | { readonly error: string } {
  const out = copy(values);
  const error = coalesce(chart, out, '', options);
  return error === undefined ? out : { error };
}

function coalesce(chart: Chart, into: Table, prefix: string, options: CoalesceOptions): string | undefined {
  coalesceDefaults(chart, into, prefix, options);
  for (const sub of chart.dependencies) {
    const name = sub.metadata.name;
    const slot = into.slots.get(name);
    if (slot !== undefined && slot.value.kind !== 'table') return `type mismatch on ${name}: expected a table`;
    const values = slot?.value.kind === 'table' ? slot.value : table(sub.values.at);
    into.slots.set(name, { keyAt: slot?.keyAt ?? sub.values.at, value: values });
    const subPrefix = join(prefix, chart.metadata.name);
    coalesceGlobals(values, into, subPrefix, options);
    const error = coalesce(sub, values, subPrefix, options);
    if (error !== undefined) return error;
  }
  return undefined;
}

function coalesceGlobals(into: Table, from: Table, prefix: string, options: CoalesceOptions): void {
  const target = into.slots.get('global');
  const source = from.slots.get('global');
  if (target !== undefined && target.value.kind !== 'table') {
    options.warn('skipping globals because destination global is not a table');
    return;
  }
  if (source !== undefined && source.value.kind !== 'table') {
    options.warn('skipping globals because source global is not a table');
    return;
  }
  const at = source?.value.at ?? into.at;
  const globals = target?.value.kind === 'table' ? target.value : table(at);
  for (const [key, slot] of source?.value.kind === 'table' ? source.value.slots : []) {
    const old = globals.slots.get(key)?.value;
    if (slot.value.kind === 'table') {
      const merged: Table = { ...slot.value, slots: new Map(slot.value.slots) };
      if (old !== undefined && old.kind !== 'table') {
        options.warn(`cannot merge map onto non-map for ${key}`);
        continue;
      }
      if (old !== undefined) coalesceTables(merged, old, join(prefix, key), { ...options, keepNulls: true });
      globals.slots.set(key, { keyAt: slot.keyAt, value: merged });
    } else if (old?.kind === 'table') options.warn(`key ${key} is a table`);
    else globals.slots.set(key, slot);
  }
  into.slots.set('global', { keyAt: target?.keyAt ?? at, value: globals });
}

function coalesceDefaults(chart: Chart, into: Table, prefix: string, options: CoalesceOptions): void {
  const defaults = copy(chart.values);
  const name = join(prefix, chart.metadata.name);
  for (const [key, slot] of defaults.slots) {
    const set = into.slots.get(key)?.value;
    if (set === undefined) {
      if (!options.keepNulls && options.helm === 4) {
        if (isNull(slot.value)) continue;
        if (slot.value.kind === 'table') dropNulls(slot.value);
      }
      into.slots.set(key, slot);
    } else if (isNull(set) && !options.keepNulls) into.slots.delete(key);
    else if (set.kind === 'table') {
      if (slot.value.kind === 'table') {
        const isChild = chart.dependencies.some((sub) => sub.metadata.name === key);
        const keepNulls = isChild || options.keepNulls;
        if (!keepNulls && options.helm === 4) dropNulls(slot.value);
        coalesceTables(set, slot.value, join(name, key), { ...options, keepNulls });
      } else if (!isNull(slot.value)) options.warn(`skipped value for ${name}.${key}: not a table`);
    }
  }
}

/** Merges `from` into `into`; what `into` has wins. Both are changed: hand in copies. */
export function coalesceTables(into: Table, from: Table, prefix: string, options: CoalesceOptions): Table {
  const hadValue = new Set([...from.slots].filter(([, slot]) => !isNull(slot.value)).map(([key]) => key));
  for (const [key, slot] of into.slots) if (isNull(slot.value)) from.slots.set(key, slot);
  for (const [key, slot] of from.slots) {
    const full = join(prefix, key);
    const set = into.slots.get(key)?.value;
    if (set !== undefined && isNull(set) && !options.keepNulls && hadValue.has(key)) {
      into.slots.delete(key);
    } else if (set === undefined) into.slots.set(key, slot);
    else if (slot.value.kind === 'table') {
      if (set.kind === 'table') coalesceTables(set, slot.value, full, options);
      else options.warn(`cannot overwrite table with non table for ${full}`);
    } else if (set.kind === 'table' && !isNull(slot.value)) {
      options.warn(`destination for ${full} is a table: ignoring its non-table value`);
    }
  }
  return into;
}

/** Removes every null below a table, in place. */
export function dropNulls(value: Table): void {
  for (const [key, slot] of [...value.slots] as [string, Slot][]) {
    if (isNull(slot.value)) value.slots.delete(key);
    else if (slot.value.kind === 'table') dropNulls(slot.value);
  }
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}
