/** The lines in which two texts differ, by Myers' O(ND) algorithm on what is left between common ends. */

export interface Line {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
  /** Line numbers from 0 in the text before and after, where the line is in it. */
  readonly before?: number;
  readonly after?: number;
}

/** Above this many differing lines the middle is shown as replaced as a whole. */
const mostSteps = 600;

export function diffLines(before: string, after: string): readonly Line[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const same = (index: number, offset: number): Line => ({
    kind: 'same',
    text: a[index]!,
    before: index,
    after: index + offset,
  });
  return [
    ...a.slice(0, start).map((_, index) => same(index, 0)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)).map((line) => shifted(line, start)),
    ...a.slice(a.length - end).map((_, index) => same(a.length - end + index, b.length - a.length)),
  ];
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function shifted(line: Line, by: number): Line {
  return {
    ...line,
    ...(line.before === undefined ? {} : { before: line.before + by }),
    ...(line.after === undefined ? {} : { after: line.after + by }),
  };
}

function middle(a: readonly string[], b: readonly string[]): readonly Line[] {
  const removed = (index: number): Line => ({ kind: 'removed', text: a[index]!, before: index });
  const added = (index: number): Line => ({ kind: 'added', text: b[index]!, after: index });
  const trace = search(a, b);
  if (trace === undefined) return [...a.map((_, index) => removed(index)), ...b.map((_, index) => added(index))];
  const out: Line[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const v = trace[d]!;
    const k = x - y;
    const down = k === -d || (k !== d && (v.get(k - 1) ?? -1) < (v.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : (v.get(from) ?? 0);
    const fromY = fromX - from;
    while (x > Math.max(fromX, 0) && y > Math.max(fromY, 0) && (d === 0 || x - 1 >= (down ? fromX : fromX + 1))) {
      if (a[x - 1] !== b[y - 1]) break;
      x -= 1;
      y -= 1;
      out.push({ kind: 'same', text: a[x]!, before: x, after: y });
    }
    if (d === 0) break;
    if (down) {
      y -= 1;
      out.push(added(y));
    } else {
      x -= 1;
      out.push(removed(x));
    }
  }
  return out.reverse();
}

/** The furthest points reached with each number of edits, until both ends are; undefined when that is too many. */
function search(a: readonly string[], b: readonly string[]): readonly ReadonlyMap<number, number>[] | undefined {
  const trace: ReadonlyMap<number, number>[] = [];
  let v = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= a.length + b.length; d += 1) {
    if (d > mostSteps) return undefined;
    trace.push(v);
    const next = new Map(v);
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (v.get(k - 1) ?? -1) < (v.get(k + 1) ?? -1));
      let x = down ? (v.get(k + 1) ?? 0) : (v.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      next.set(k, x);
      if (x >= a.length && y >= b.length) return trace;
    }
    v = next;
  }
  return trace;
}

export interface Hunk {
  readonly lines: readonly Line[];
}

/** The differing lines with so many same ones around them; what lies between hunks is left out. */
export function hunks(lines: readonly Line[], context: number): readonly Hunk[] {
  const out: Line[][] = [];
  let last = -1;
  for (const [index, line] of lines.entries()) {
    if (line.kind === 'same') continue;
    const from = Math.max(index - context, last + 1);
    const open = out.at(-1);
    const to = Math.min(index + context, lines.length - 1);
    if (open !== undefined && from <= last + 1) open.push(...lines.slice(last + 1, to + 1));
    else out.push(lines.slice(from, to + 1));
    last = Math.max(last, to);
  }
  return out.map((hunk) => ({ lines: hunk }));
}
