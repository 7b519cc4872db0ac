/** Go's path.Match: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are classes, `\` escapes. Linear in practice: the
 * pattern is split at its stars, and each piece is looked for once, as Go does. */

export type Matcher = (name: string) => boolean;

/** Compiles a pattern; undefined when it is malformed (Go's ErrBadPattern). */
export function compileMatch(pattern: string): Matcher | undefined {
  const chunks = split([...pattern]);
  if (chunks === undefined) return undefined;
  return (name) => matchChunks(chunks, 0, [...name], 0);
}

type Item = { readonly kind: 'char'; readonly char: string } | { readonly kind: 'any' } | Class;
interface Class {
  readonly kind: 'class';
  readonly negated: boolean;
  readonly ranges: readonly (readonly [low: string, high: string])[];
}
interface Chunk {
  /** Whether a star stands before the items. */
  readonly star: boolean;
  readonly items: readonly Item[];
}

function split(pattern: readonly string[]): readonly Chunk[] | undefined {
  const chunks: Chunk[] = [];
  let star = false;
  let items: Item[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (c === '*') {
      if (items.length > 0) chunks.push({ star, items });
      star = true;
      items = [];
    } else if (c === '?') items.push({ kind: 'any' });
    else if (c === '[') {
      const read = readClass(pattern, i + 1);
      if (read === undefined) return undefined;
      items.push(read.item);
      i = read.end;
    } else if (c === '\\') {
      const next = pattern[++i];
      if (next === undefined) return undefined;
      items.push({ kind: 'char', char: next });
    } else items.push({ kind: 'char', char: c });
  }
  if (items.length > 0 || star) chunks.push({ star, items });
  return chunks;
}

/** Reads after `[`; `end` is the index of the closing bracket. */
function readClass(pattern: readonly string[], start: number): { item: Class; end: number } | undefined {
  let i = start;
  const negated = pattern[i] === '^';
  if (negated) i++;
  const ranges: [string, string][] = [];
  for (;;) {
    if (pattern[i] === ']' && ranges.length > 0) return { item: { kind: 'class', negated, ranges }, end: i };
    const low = readChar(pattern, i);
    if (low === undefined) return undefined;
    i = low.next;
    let high = low.char;
    if (pattern[i] === '-') {
      const read = readChar(pattern, i + 1);
      if (read === undefined) return undefined;
      high = read.char;
      i = read.next;
    }
    ranges.push([low.char, high]);
  }
}

function readChar(pattern: readonly string[], i: number): { char: string; next: number } | undefined {
  const c = pattern[i];
  if (c === undefined || c === '-' || c === ']') return undefined;
  if (c !== '\\') return { char: c, next: i + 1 };
  const escaped = pattern[i + 1];
  return escaped === undefined ? undefined : { char: escaped, next: i + 2 };
}

function matchChunks(chunks: readonly Chunk[], index: number, name: readonly string[], start: number): boolean {
  let at = start;
  for (let i = index; i < chunks.length; i++) {
    const { star, items } = chunks[i]!;
    const last = i === chunks.length - 1;
    if (!star) {
      if (!matchItems(items, name, at)) return false;
      at += items.length;
      continue;
    }
    if (items.length === 0) return !name.includes('/', at);
    let found = -1;
    // The first place where the piece fits is enough, except for the last piece, which must reach the end.
    for (let from = at; from + items.length <= name.length; from++) {
      if (matchItems(items, name, from) && (!last || from + items.length === name.length)) {
        found = from;
        break;
      }
      if (name[from] === '/') break;
    }
    if (found < 0) return false;
    at = found + items.length;
  }
  return at === name.length;
}

function matchItems(items: readonly Item[], name: readonly string[], at: number): boolean {
  return items.every((item, i) => {
    const c = name[at + i];
    if (c === undefined) return false;
    if (item.kind === 'char') return c === item.char;
    if (item.kind === 'any') return c !== '/';
    return item.ranges.some(([low, high]) => inRange(c, low, high)) !== item.negated;
  });
}

function inRange(c: string, low: string, high: string): boolean {
  const code = c.codePointAt(0)!;
  return low.codePointAt(0)! <= code && code <= high.codePointAt(0)!;
}
