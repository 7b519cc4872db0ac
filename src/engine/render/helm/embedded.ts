/** YAML inside a scalar (values in a ConfigMap): places in the text, led back to the lines of the file. */
import type { Origin, Scalar } from '../../yaml/node.ts';

export type Locate = (start: number, end: number) => Origin;

/**
 * Maps offsets of `text` (what the scalar holds, perhaps decoded) to its file. Exact where the file shows the text as it
 * is or as a literal block; elsewhere every place is the scalar's own.
 */
export function embedded(text: string, scalar: Scalar, textOf: (file: string) => string | undefined): Locate {
  const { at } = scalar;
  const whole: Locate = () => at;
  const source = textOf(at.file);
  if (source === undefined || text === '') return whole;
  if (source.slice(at.start, at.start + text.length) === text) {
    return (start, end) => ({ ...at, start: at.start + start, end: at.start + end });
  }
  if (scalar.style !== 'literal') return whole;
  return literalBlock(text, source, at) ?? whole;
}

function literalBlock(text: string, source: string, at: Origin): Locate | undefined {
  const body = source.indexOf('\n', at.start) + 1;
  if (body === 0) return undefined;
  const lines = source.slice(body).split('\n');
  const wanted = text.split('\n');
  const first = wanted.findIndex((line) => line.trim() !== '');
  if (first < 0) return undefined;
  const indent = (lines[first]?.length ?? 0) - wanted[first]!.length;
  if (indent < 0) return undefined;
  /** Where each line of the text begins: in the text, and in the file. */
  const starts: { readonly text: number; readonly file: number }[] = [];
  let inText = 0;
  let inFile = body;
  for (const [index, line] of wanted.entries()) {
    const found = lines[index] ?? '';
    if (line !== '' && found.slice(indent).replace(/\r$/, '') !== line) return undefined;
    starts.push({ text: inText, file: inFile + indent });
    inText += line.length + 1;
    inFile += found.length + 1;
  }
  const place = (offset: number) => {
    let low = 0;
    for (let high = starts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (starts[middle]!.text <= offset) low = middle;
      else high = middle;
    }
    return starts[low]!.file + offset - starts[low]!.text;
  };
  return (start, end) => ({ ...at, start: place(start), end: place(end) });
}
