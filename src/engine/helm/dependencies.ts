/**
 * Which charts inside a chart are rendered, under which names, and what they hand up: aliases, tags, conditions and
 * import-values, as Helm's ProcessDependencies. Answers a new chart; the loaded one stays as it is.
 */
import { matchesConstraint } from '../go/semver.ts';
import type { Chart, Dependency } from './chart.ts';
import { asTable } from './chart.ts';
import { type CoalesceOptions, coalesceTables, coalesceValues } from './coalesce.ts';
import { atPath, copy, type Table, table, type Value } from './values.ts';

export type ProcessOptions = Omit<CoalesceOptions, 'keepNulls'>;

/** The chart with only its enabled dependencies, aliased, and with imported values among its defaults. */
export function processDependencies(
  chart: Chart,
  values: Table,
  options: ProcessOptions,
): Chart | { readonly error: string } {
  const enabled = enable(chart, values, '', options);
  return 'error' in enabled ? enabled : importValues(enabled, options);
}

function enable(
  chart: Chart,
  values: Table,
  path: string,
  options: ProcessOptions,
): Chart | { readonly error: string } {
  const required = chart.metadata.dependencies;
  if (required.length === 0) return chart;
  const matches = (sub: Chart, dependency: Dependency) =>
    sub.metadata.name === dependency.name && matchesConstraint(dependency.version, sub.metadata.version);
  const unlisted = chart.dependencies.filter((sub) => !required.some((dependency) => matches(sub, dependency)));
  const listed = required.flatMap((dependency) => {
    const sub = chart.dependencies.find((candidate) => matches(candidate, dependency));
    return sub === undefined ? [] : [rename(sub, nameOf(dependency))];
  });
  const renamed = required.map((dependency) => ({ ...dependency, name: nameOf(dependency) }));
  const all: Chart = {
    ...chart,
    metadata: { ...chart.metadata, dependencies: renamed },
    dependencies: [...unlisted, ...listed],
  };
  const coalesced = coalesceValues(all, values, { ...options, keepNulls: false });
  if ('error' in coalesced) return coalesced;
  const off = new Set(
    renamed.filter((dependency) => !isEnabled(dependency, coalesced, path, options)).map((d) => d.name),
  );
  const dependencies: Chart[] = [];
  for (const sub of all.dependencies) {
    if (off.has(sub.metadata.name)) continue;
    const processed = enable(sub, coalesced, `${path}${sub.metadata.name}.`, options);
    if ('error' in processed) return processed;
    dependencies.push(processed);
  }
  const kept = renamed.filter((dependency) => !off.has(dependency.name));
  return { ...all, metadata: { ...all.metadata, dependencies: kept }, dependencies };
}

function nameOf(dependency: Dependency): string {
  return dependency.alias === '' ? dependency.name : dependency.alias;
}

function rename(chart: Chart, name: string): Chart {
  return { ...chart, metadata: { ...chart.metadata, name } };
}

/** Tags first; the first condition path that holds a boolean overrides them. */
function isEnabled(dependency: Dependency, values: Table, path: string, options: ProcessOptions): boolean {
  for (const condition of dependency.condition.trim().split(',')) {
    if (condition === '') continue;
    const value = atPath(values, path + condition);
    const bool = asBoolean(value);
    if (bool !== undefined) return bool;
    if (value !== undefined)
      options.warn(`condition path ${condition} for chart ${dependency.name} returned non-bool value`);
  }
  const tags = asTable(values.slots.get('tags')?.value);
  const set = dependency.tags.map((tag) => asBoolean(tags?.slots.get(tag)?.value));
  return set.includes(true) || !set.includes(false);
}

function asBoolean(value: Value | undefined): boolean | undefined {
  if (value?.kind !== 'scalar' || value.style !== 'plain' || value.tag === '!!str') return undefined;
  if (/^(true|True|TRUE|yes|Yes|YES|on|On|ON|y|Y)$/.test(value.text)) return true;
  return /^(false|False|FALSE|no|No|NO|off|Off|OFF|n|N)$/.test(value.text) ? false : undefined;
}

/** Imports bottom up: what a child hands to its parent, the parent may hand on. */
function importValues(chart: Chart, options: ProcessOptions): Chart | { readonly error: string } {
  const dependencies: Chart[] = [];
  for (const sub of chart.dependencies) {
    const processed = importValues(sub, options);
    if ('error' in processed) return processed;
    dependencies.push(processed);
  }
  const processed: Chart = { ...chart, dependencies };
  if (chart.metadata.dependencies.length === 0) return processed;
  const merge = { ...options, keepNulls: true };
  const values = coalesceValues(processed, table(chart.values.at), merge);
  if ('error' in values) return values;
  const imported = table(chart.values.at);
  for (const dependency of chart.metadata.dependencies) {
    for (const item of dependency.importValues) {
      const { child, parent } = typeof item === 'string' ? { child: `exports.${item}`, parent: '.' } : item;
      const found = asTable(atPath(values, `${dependency.name}.${child}`));
      if (found === undefined) options.warn(`import-values: chart ${dependency.name} has no table ${child}`);
      else coalesceTables(imported, nest(parent, copy(found)), '', merge);
    }
  }
  return { ...processed, values: coalesceTables(copy(values), imported, '', merge) };
}

function nest(path: string, value: Table): Table {
  if (path === '.') return value;
  return path.split('.').reduceRight((inner, step) => {
    const outer = table(value.at);
    outer.slots.set(step, { keyAt: value.at, value: inner });
    return outer;
  }, value);
}
