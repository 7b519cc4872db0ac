/** Merged values as a document: YAML in which each value says at the end of its line which file and line won. */
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type Mapping, type Node, type Origin, printWithSpans, type Span } from '../engine/index.ts';

/**
 * A list is one value, as Helm never merges lists: its key's line tells. A mapping has no winner of its own. `textOf`
 * gives the text of a file of the folder; for a file of a fetched chart there is none, and the file alone is told.
 */
export function renderValues(
  values: Mapping,
  textOf: (file: string) => string | undefined,
): { readonly text: string; readonly spans: readonly Span[] } {
  const placeText = placesIn(textOf);
  const notes = new Map<Origin, Note>();
  const { text, spans } = printWithSpans(marked(values, notes), 'sigs');
  const endOfLine = (offset: number) => {
    const end = text.indexOf('\n', offset);
    return end < 0 ? text.length : end;
  };
  const inserts = spans.flatMap(({ start, end, at }) => {
    const note = notes.get(at);
    if (note === undefined) return [];
    const isBlock = text[start] === '|' || text[start] === '>';
    const last = Math.max(start, end - 1);
    return [{ at: endOfLine(note.on === 'key' || isBlock ? start : last), from: note.from }];
  });
  return inserted(
    text,
    spans,
    inserts.map(({ at, from }) => ({ at, text: `  # ${placeText(from)}` })),
  );
}

/** `on`: which printed node's line carries the comment. */
interface Note {
  readonly on: 'key' | 'value';
  readonly from: Origin;
}

/** The tree with an origin object of its own on each node that gets a comment, so that its span can be told. */
function marked(node: Mapping, notes: Map<Origin, Note>): Mapping {
  const mark = <T extends Node>(one: T, note: Note): T => {
    const at = { ...one.at };
    notes.set(at, note);
    return { ...one, at };
  };
  const entries = node.entries.map(({ key, value }) => {
    if (value.kind === 'mapping' && value.entries.length > 0) return { key, value: marked(value, notes) };
    if (value.kind === 'sequence' && value.items.length > 0)
      return { key: mark(key, { on: 'key', from: value.at }), value };
    return { key, value: mark(value, { on: 'value', from: value.at }) };
  });
  return { ...node, entries };
}

/** Places as a person reads them, `apps/web.yaml:12`; each file's line table is made once. */
function placesIn(textOf: (file: string) => string | undefined): (at: Origin) => string {
  const known = new Map<string, TextDocument | undefined>();
  return ({ file, start }) => {
    if (!known.has(file)) {
      const text = textOf(file);
      known.set(file, text === undefined ? undefined : TextDocument.create('memory:text', 'yaml', 0, text));
    }
    const lines = known.get(file);
    return lines === undefined ? file : `${file}:${lines.positionAt(start).line + 1}`;
  };
}

interface Insert {
  readonly at: number;
  readonly text: string;
}

/** The text with the inserts, whose places are ends of lines, and the spans moved along. */
function inserted(text: string, spans: readonly Span[], inserts: readonly Insert[]) {
  const sorted = [...inserts].sort((a, b) => a.at - b.at);
  /** The length of the first so many inserts together. */
  const lengths = [0];
  let out = '';
  let from = 0;
  for (const insert of sorted) {
    out += text.slice(from, insert.at) + insert.text;
    from = insert.at;
    lengths.push(lengths.at(-1)! + insert.text.length);
  }
  out += text.slice(from);
  /** An insert at the very place stays behind it: a comment is no part of the value that ends there. */
  const moved = (offset: number) => {
    let low = 0;
    for (let high = sorted.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (sorted[middle]!.at < offset) low = middle + 1;
      else high = middle;
    }
    return offset + lengths[low]!;
  };
  return { text: out, spans: spans.map(({ start, end, at }) => ({ start: moved(start), end: moved(end), at })) };
}
