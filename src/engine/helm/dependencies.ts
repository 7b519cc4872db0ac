/**
 * Which charts inside a chart are rendered, under which names, and what they hand up: aliases, tags, conditions and
 * import-values, as Helm's ProcessDependencies. Answers a new chart; the loaded one stays as it is.
 */
import { matchesConstraint } from '../go/semver.ts';
import type { Origin } from '../yaml/node.ts';
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
  return 'error' in enabled ? enabled : importValues(enabled, options, new Set());
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
    if (sub === undefined) return [];
    return [rename(sub, nameOf(dependency), options.helm === 4 ? undefined : pathName(sub, required, matches))];
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

function rename(chart: Chart, name: string, pathName: string | undefined): Chart {
  return { ...chart, metadata: { ...chart.metadata, name }, ...(pathName !== undefined && { pathName }) };
}

/**
 * In Helm 3 the copies of a chart under its aliases share the charts inside, and each of those knows one parent: the last
 * copy, or the chart as it was loaded when it lists no dependencies.
 */
function pathName(
  sub: Chart,
  required: readonly Dependency[],
  matches: (sub: Chart, dependency: Dependency) => boolean,
): string {
  if (sub.metadata.dependencies.length === 0) return sub.metadata.name;
  return nameOf(required.findLast((dependency) => matches(sub, dependency))!);
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
function importValues(chart: Chart, options: ProcessOptions, done: Set<Origin>): Chart | { readonly error: string } {
  const dependencies: Chart[] = [];
  for (const sub of chart.dependencies) {
    const processed = importValues(sub, options, done);
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
    // Helm 3 reads the imports of a chart with two aliases once: what it wrote back it does not know again.
    if (options.helm === 3 && done.has(dependency.at)) continue;
    done.add(dependency.at);
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
