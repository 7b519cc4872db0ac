/** One entry of a plan as lines: the YAML before and after, and beside each changed line the place that causes it. */
import {
  fromJson,
  type Json,
  type Mapping,
  marshal,
  type Node,
  type Origin,
  type PlanEntry,
  printWithSpans,
} from '../../engine/index.ts';
import { diffLines, type Hunk, hunks } from '../linediff.ts';

export interface Difference {
  readonly hunks: readonly Hunk[];
  /** What causes a line of `after`, by its number from 0. */
  readonly places: ReadonlyMap<number, Origin>;
}

/** Same lines shown around each difference. */
const around = 2;

export function differenceOf(entry: PlanEntry): Difference {
  const before = entry.before === undefined ? '' : marshal(entry.before);
  if (entry.after === undefined) return { hunks: hunks(diffLines(before, ''), around), places: new Map() };
  const { text, places } = placed(entry.after, entry);
  return { hunks: hunks(diffLines(before, text), around), places };
}

const nowhere: Origin = { file: '', start: 0, end: 0 };

/** The text of `after`, each changed value printed with the origin of its change. */
function placed(
  after: Json,
  entry: PlanEntry,
): { readonly text: string; readonly places: ReadonlyMap<number, Origin> } {
  let node = fromJson(after, nowhere);
  for (const { path, at } of entry.changes) if (at !== undefined) node = withOrigin(node, path, at);
  const { text, spans } = printWithSpans(node, 'sigs');
  const places = new Map<number, Origin>();
  let line = 0;
  let offset = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.at.file === '') continue;
    for (; offset < span.start; offset += 1) if (text[offset] === '\n') line += 1;
    if (!places.has(line)) places.set(line, span.at);
  }
  return { text, places };
}

function withOrigin(node: Node, path: readonly (string | number)[], at: Origin): Node {
  const [step, ...rest] = path;
  if (step === undefined) return { ...node, at };
  if (typeof step === 'number') {
    if (node.kind !== 'sequence') return node;
    return { ...node, items: node.items.map((item, index) => (index === step ? withOrigin(item, rest, at) : item)) };
  }
  if (node.kind !== 'mapping') return node;
  const entries = node.entries.map((entry) =>
    entry.key.text === step ? { ...entry, value: withOrigin(entry.value, rest, at) } : entry,
  );
  return { ...node, entries } satisfies Mapping;
}
