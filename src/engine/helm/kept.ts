/**
 * What is kept of a release from one rendering to the next: its templates' dots, the calls that were made with them, and
 * the documents that its output was read into. An edit of the values then costs what it changes.
 */
import { type Journal, newJournal, rewind } from '../gotemplate/index.ts';
import type { Result } from '../problem.ts';
import type { Chart } from './chart.ts';
import { type Scope, scopesOf } from './context.ts';
import type { ManifestCache } from './manifests.ts';
import { keepValues, type Places, type ValuesKeeper } from './places.ts';
import type { ParsedTemplates, RenderRequest } from './render.ts';
import type { Table } from './values.ts';

export interface Kept {
  readonly journal: Journal;
  readonly scopes: readonly Scope[];
  /** Absent until they were parsed for the first time. */
  templates?: Result<ParsedTemplates>;
  readonly manifests: ManifestCache;
}

interface Entry extends Kept {
  readonly key: string;
  /** Everything that the templates see besides the values; one part differs, and nothing is kept. */
  readonly parts: readonly unknown[];
  readonly values: ValuesKeeper;
  readonly firstTickets: number;
  /** Whether a rendering is under way; one that was cut off leaves it so. */
  busy: boolean;
}

/** The releases rendered last, newest at the end. A release that is edited is rendered again and again. */
const entries: Entry[] = [];
const maxEntries = 16;

/** Runs a rendering with what is kept of its release, brought up to date. */
export function withKept<T>(
  request: RenderRequest,
  chart: Chart,
  values: Table,
  work: (kept: Kept, places: Places) => T,
): T {
  const entry = takeEntry(request, chart, values);
  entry.busy = true;
  rewind(entry.journal);
  const places = entry.values.update(values);
  // From the chart itself inwards: each takes its table from the one around it.
  for (let i = entry.scopes.length - 1; i >= 0; i--) entry.scopes[i]!.refresh();
  const done = work(entry, places);
  entry.busy = false;
  return done;
}

function takeEntry(request: RenderRequest, chart: Chart, values: Table): Entry {
  const { release, capabilities } = request;
  const key = `${capabilities.helm}/${release.namespace}/${release.name}/${chart.metadata.name}`;
  const parts = partsOf(request, chart);
  const index = entries.findLastIndex((entry) => entry.key === key && sameParts(entry.parts, parts));
  const [known] = index < 0 ? [] : entries.splice(index, 1);
  const entry = known !== undefined && isUsable(known) ? known : newEntry(key, request, chart, values, parts);
  entries.push(entry);
  if (entries.length > maxEntries) entries.shift();
  return entry;
}

function newEntry(key: string, request: RenderRequest, chart: Chart, table: Table, parts: readonly unknown[]): Entry {
  const journal = newJournal();
  const values = keepValues(table, journal);
  const scopes = scopesOf(chart, values.root, { ...request, journal });
  const firstTickets = values.tickets();
  return { key, journal, scopes, manifests: new Map(), parts, values, firstTickets, busy: false };
}

function isUsable({ busy, values, firstTickets }: Entry): boolean {
  // The tickets of values that are gone are never given out again: at times it is worth to begin anew.
  return !busy && values.tickets() < 10_000 + 4 * firstTickets;
}

function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

function partsOf({ release, capabilities, clock, random }: RenderRequest, chart: Chart): readonly unknown[] {
  const { kubeVersion, apiVersions } = capabilities;
  return [
    ...[release.isUpgrade, release.revision, clock === undefined, random === undefined],
    ...[...Object.values(kubeVersion), ...apiVersions],
    ...chartParts(chart),
  ];
}

function chartParts({ metadata, pathName, chartYaml, templates, files, dependencies }: Chart): readonly unknown[] {
  const files_ = [...templates, ...files].flatMap(({ name, file }) => [name, file]);
  const inside = dependencies.flatMap(chartParts);
  return [JSON.stringify(metadata), pathName, chartYaml, files_.length, ...files_, dependencies.length, ...inside];
}
