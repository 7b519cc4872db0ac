/**
 * Charts that Go modules bring, rendered by the real helm and by us. `compareChart` is the judge: equal as data, document
 * by document, and an error where Helm errors.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { helm, parse, toJson } from '../../../src/engine/index.ts';
import { diskTree } from '../../../src/io/disk.ts';

export type Outcome =
  | { readonly kind: 'equal' | 'both-fail' | 'random' }
  | { readonly kind: 'different' | 'we-fail' | 'helm-fails'; readonly detail: string };

/** The values that a render is asked with, the same for both. */
const kubeVersion = 'v1.36.0';

export function toolPath(name: string): string | undefined {
  const folder =
    process.env.SLUICE_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice', 'bin');
  const path = join(folder, name);
  return existsSync(path) ? path : undefined;
}

/** Every folder below `root` with a Chart.yaml that is no chart inside a chart. */
export function chartsBelow(root: string, depth = 8): readonly string[] {
  if (depth === 0 || !existsSync(root)) return [];
  const entries = readdirSync(root, { withFileTypes: true });
  if (entries.some((entry) => entry.name === 'Chart.yaml')) return [root];
  return entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => chartsBelow(join(root, entry.name), depth - 1));
}

export function compareChart(folder: string, version: 3 | 4, tool: string): Outcome {
  const real = runHelm(tool, folder);
  const ours = renderFolder(folder, version);
  if ('error' in real) {
    return 'error' in ours ? { kind: 'both-fail' } : { kind: 'helm-fails', detail: real.error };
  }
  if ('error' in ours) return { kind: 'we-fail', detail: ours.error };
  const [theirs, mine] = [documents(real.text), documents(ours.text)];
  const detail = difference(theirs, mine);
  if (detail === undefined) return { kind: 'equal' };
  // What two runs of helm do not agree on is random: those lines are left out, the others must be equal.
  const again = runHelm(tool, folder);
  const second = 'text' in again ? documents(again.text) : [];
  if (difference(theirs, second) === undefined) return { kind: 'different', detail };
  const masked = difference(mask(theirs, second), mask(mine, second, theirs));
  return masked === undefined ? { kind: 'random' } : { kind: 'different', detail: masked };
}

/** The documents without the lines in which two runs of helm (`second` and `first`) differ. */
function mask(documents: readonly Doc[], second: readonly Doc[], first: readonly Doc[] = documents): readonly Doc[] {
  return documents.map((document, index) => {
    const [a, b] = [first[index]?.json.split('\n') ?? [], second[index]?.json.split('\n') ?? []];
    const lines = document.json.split('\n').map((line, at) => (a[at] === b[at] ? line : 'random'));
    return { source: document.source, json: lines.join('\n') };
  });
}

export function runHelm(tool: string, folder: string): { readonly text: string } | { readonly error: string } {
  try {
    const args = [
      'template',
      'release',
      folder,
      '--namespace',
      'space',
      '--kube-version',
      kubeVersion,
      '--include-crds',
    ];
    return {
      text: execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] }),
    };
  } catch (cause) {
    return { error: String((cause as { stderr?: string }).stderr ?? cause) };
  }
}

export function renderFolder(folder: string, version: 3 | 4): { readonly text: string } | { readonly error: string } {
  const chart = helm.loadChartFolder(diskTree('/'), folder, undefined, version);
  if (chart.value === undefined) return { error: chart.problems.map(({ message }) => message).join('; ') };
  const rendered = helm.renderChart({
    chart: chart.value,
    values: helm.table({ file: 'none', start: 0, end: 0 }),
    release: { name: 'release', namespace: 'space', isUpgrade: false, revision: 1 },
    capabilities: { ...helm.defaultCapabilities(version), kubeVersion: helm.parseKubeVersion(kubeVersion)! },
    clock: { now: () => 1_700_000_000_000 },
    random: { bytes: (count) => new Uint8Array(count).fill(7) },
  });
  if (rendered.value === undefined) return { error: rendered.problems.map(({ message }) => message).join('; ') };
  const { crds, manifests, hooks } = rendered.value;
  const pieces = [
    ...crds.map(({ name, file }) => `# Source: ${name}\n${file.text}`),
    ...[...manifests, ...hooks].map(({ source, text }) => `# Source: ${source}\n${text}`),
  ];
  return { text: pieces.map((piece) => `---\n${piece}\n`).join('') };
}

interface Doc {
  readonly source: string;
  readonly json: string;
}

function documents(stream: string): readonly Doc[] {
  return stream.split(/^---[ \t]*$/m).flatMap((text) => {
    const source = /^# Source: (.*)$/m.exec(text)?.[1] ?? '';
    const root = parse(text, 'out').documents[0]?.root;
    if (root === undefined) return [];
    return [{ source, json: JSON.stringify(toJson(root, 'sigs'), bigints, 1) }];
  });
}

function bigints(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function difference(real: readonly Doc[], ours: readonly Doc[]): string | undefined {
  for (let i = 0; i < Math.max(real.length, ours.length); i++) {
    const [a, b] = [real[i], ours[i]];
    if (a === undefined || b === undefined)
      return `document ${i}: ${a?.source ?? 'nothing'} versus ${b?.source ?? 'nothing'}`;
    if (a.source !== b.source) return `document ${i}: ${a.source} versus ${b.source}`;
    if (a.json !== b.json) {
      const [left, right] = [a.json.split('\n'), b.json.split('\n')];
      const line = left.findIndex((text, at) => text !== right[at]);
      return `${a.source}: helm ${left[line]?.trim()} versus ours ${right[line]?.trim()}`;
    }
  }
  return undefined;
}

export function shortName(folder: string, root: string): string {
  return relative(root, folder);
}
