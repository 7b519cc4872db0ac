/**
 * The file format of the schema packs that `src/engine/schema/pack.ts` reads: one line of JSON that says which kinds
 * there are and where each definition stands, then one definition a line. A reader parses the first line and after
 * that only the lines that it needs, so that a pack of a megabyte costs nothing until a kind is asked for.
 */
import type { Pack, PackKind } from '../../src/engine/schema/pack.ts';

/** Writes a pack. The definitions are sorted by name, so that the same input gives the same bytes. */
export function writePack(kinds: readonly PackKind[], definitions: ReadonlyMap<string, unknown>): Uint8Array {
  const encoder = new TextEncoder();
  const lines: Uint8Array[] = [];
  const index: Record<string, readonly [number, number]> = {};
  let offset = 0;
  for (const name of [...definitions.keys()].sort()) {
    const line = encoder.encode(`${JSON.stringify(definitions.get(name))}\n`);
    index[name] = [offset, line.length - 1];
    lines.push(line);
    offset += line.length;
  }
  const sorted = [...kinds].sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1));
  const head: Pack = { kinds: sorted, definitions: index };
  return Buffer.concat([encoder.encode(`${JSON.stringify(head)}\n`), ...lines]);
}

function orderKey(kind: PackKind): string {
  return `${kind.group}/${kind.kind}/${kind.version}`;
}
