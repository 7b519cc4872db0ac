/** YAML written inside a YAML string, such as an inline patch: parsed, with every place led back into the file. */
import { type Origin, type ParsedFile, parse, type Scalar, type WorkspaceFile } from '../engine/index.ts';

export interface Embedded {
  readonly parsed: ParsedFile;
  /** The place in the file of a place in the embedded text; the whole string where that cannot be told. */
  at(inside: Origin): Origin;
}

/** Reads the text of a scalar. Places are exact in literal blocks (`|`), which is how such text is written. */
export function embedded(scalar: Scalar, { source }: WorkspaceFile): Embedded {
  const parsed = parse(scalar.text, source.name);
  const starts = scalar.style === 'literal' ? lineStarts(scalar, source.text) : undefined;
  return {
    parsed,
    at(inside) {
      const start = starts && place(inside.start, scalar.text, starts);
      const end = starts && place(inside.end, scalar.text, starts);
      return start === undefined || end === undefined ? scalar.at : { file: source.name, start, end };
    },
  };
}

/** Where each line of the block's content begins in the file, behind its indentation. */
function lineStarts(scalar: Scalar, text: string): readonly number[] {
  const lines = scalar.text.split('\n');
  const first = lines.find((line) => line.trim() !== '') ?? '';
  let at = text.indexOf('\n', scalar.at.start) + 1;
  const block = text.slice(at, scalar.at.end).split('\n');
  const sample = block.find((line) => line.trim() !== '') ?? '';
  const indent = sample.length - sample.trimStart().length - (first.length - first.trimStart().length);
  return block.map((line) => {
    const start = at + Math.min(indent, line.length);
    at += line.length + 1;
    return start;
  });
}

function place(offset: number, text: string, starts: readonly number[]): number | undefined {
  const before = text.slice(0, offset).split('\n');
  const start = starts[before.length - 1];
  return start === undefined ? undefined : start + before.at(-1)!.length;
}
