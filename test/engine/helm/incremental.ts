/**
 * Values edited at random, rendered by a warm engine and by one that never saw the chart: the same data, the same origins
 * and the same problems, edit after edit.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { helm, memoryTree, textFile, toJson } from '../../../src/engine/index.ts';
import type { Files } from './check.ts';

/** A generator of numbers below `count`, the same for the same seed. */
function dice(seed: number): Roll {
  let state = seed >>> 0;
  return (count) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

type Roll = (count: number) => number;
type Table = { [key: string]: Plain };
type Plain = null | boolean | number | string | readonly Plain[] | Table;

const at = { file: 'user.yaml', start: 0, end: 0 };

/** Every file below a folder, by its path there. */
export function readFiles(folder: string, prefix = ''): Files {
  const out: Record<string, string> = {};
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) Object.assign(out, readFiles(folder, path));
    // An archive is no text, and a chart with one is tried elsewhere.
    else if (!entry.name.endsWith('.tgz')) out[path] = readFileSync(join(folder, path), 'utf8');
  }
  return out;
}

export interface Tried {
  edits: number;
  /** Edits that the chart refuses. */
  failed: number;
  manifests: number;
  /** Manifests that were taken over from the edit before. */
  reused: number;
}

/** Renders `edits` random edits both ways and compares; answers what was tried. */
export function checkEdits(files: Files, edits: number, seed: number, version: 3 | 4 = 4): Tried {
  const tried = { edits: 0, failed: 0, manifests: 0, reused: 0 };
  const roll = dice(seed);
  const load = () => {
    const named = Object.entries(files).map(([path, text]) => [`/demo/${path}`, textFile(path, text)] as const);
    return helm.loadChartFolder(memoryTree(new Map(named)), '/demo').value;
  };
  const warm = load();
  if (warm === undefined) return tried;
  let before = new Set<helm.Manifest>();
  const states: Table[] = [{}];
  const defaults = toJson(helm.toMapping(warm.values), 'sigs') as Table;
  for (let i = 0; i < edits; i++) {
    const state = nextState(states, defaults, roll);
    const text = written(state, roll);
    const [now, anew] = [render(warm, text, version), render(load()!, text, version)];
    expect(shown(now), `seed ${seed}, edit ${i}: ${text}`).toEqual(shown(anew));
    tried.edits++;
    if (now.value === undefined) tried.failed++;
    // Most edits that are refused are taken back.
    if (now.value !== undefined || roll(3) === 0) states.push(state);
    const manifests = [...(now.value?.manifests ?? []), ...(now.value?.hooks ?? [])];
    tried.manifests += manifests.length;
    tried.reused += manifests.filter((manifest) => before.has(manifest)).length;
    if (now.value !== undefined) before = new Set(manifests);
  }
  return tried;
}

function render(chart: helm.Chart, text: string, version: 3 | 4) {
  const values = helm.readValues(textFile('user.yaml', text), at);
  return helm.renderChart({
    chart,
    values: values.value!,
    release: { name: 'rel', namespace: 'ns', isUpgrade: false, revision: 1 },
    capabilities: helm.defaultCapabilities(version),
    // Some random edits ask for very much.
    budget: { steps: 2_000_000, size: 20_000_000 },
  });
}

/** Everything that a rendering tells, as text. */
function shown({ value, problems }: ReturnType<typeof render>): string {
  const manifests = value === undefined ? [] : [...value.manifests, ...value.hooks];
  const sources = [...new Set(manifests.map(({ source }) => source))];
  const rendered = value && {
    manifests,
    objects: manifests.map((manifest) => helm.objectsOf(manifest, value.segments(manifest.source))),
    segments: sources.map((source) => value.segments(source)),
    notes: value.notes,
    values: helm.toMapping(value.values),
  };
  return JSON.stringify({ problems, rendered }, (_, part) => (typeof part === 'bigint' ? String(part) : part), 1);
}

/** The values as a file: what stands before them moves everything behind. */
function written(state: Table, roll: Roll): string {
  const lead = roll(3) === 0 ? `# ${'x'.repeat(roll(30))}\n` : '';
  return lead + JSON.stringify(state, null, roll(2));
}

function nextState(states: readonly Table[], defaults: Table, roll: Roll): Table {
  // Undone, to any state before.
  if (roll(6) === 0) return states[roll(states.length)]!;
  const state = structuredClone(states.at(-1)!);
  const path = pathInto(defaults, roll);
  const key = path.at(-1)!;
  let target = state;
  let known: Plain | undefined = defaults;
  for (const step of path.slice(0, -1)) {
    if (!isTable(target[step])) target[step] = {};
    target = target[step] as Table;
    known = isTable(known) ? known[step] : undefined;
  }
  if (roll(8) === 0) delete target[key];
  else target[key] = changed(target[key] ?? (isTable(known) ? known[key] : undefined) ?? null, roll);
  return state;
}

/** A path to some value of the defaults, or to one beside it that is not there. */
function pathInto(table: Table, roll: Roll): readonly string[] {
  const keys = Object.keys(table);
  if (keys.length === 0 || roll(20) === 0) return [`new${roll(3)}`];
  const key = keys[roll(keys.length)]!;
  const value = table[key];
  return isTable(value) && roll(6) > 0 ? [key, ...pathInto(value, roll)] : [key];
}

function changed(value: Plain, roll: Roll): Plain {
  const kind = roll(10);
  if (kind === 0) return null;
  if (kind === 1) return [`item${roll(3)}`, { name: `n${roll(3)}`, value: roll(5) }];
  if (kind === 2) return { [`key${roll(3)}`]: `v${roll(3)}` };
  if (kind === 3) return `text-${roll(4)}`;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return roll(4) === 0 ? value : roll(9000);
  if (Array.isArray(value)) return roll(2) === 0 ? [...value].reverse() : [...value, ...value.slice(0, 1)];
  // Written by the user now, and yet what it was.
  return typeof value === 'string' && roll(3) > 0 ? `${value}${roll(10)}` : value;
}

function isTable(value: Plain | undefined): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
