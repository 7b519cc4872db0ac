/**
 * Values of a chart that stand as text in a ConfigMap or a Secret: what is written in such a block is completed and told
 * as if it stood below the `spec.values` of the releases that take it.
 */
import { flux, get, type Mapping, type Scalar, type WorkspaceFile, type WorkspaceObject } from '../engine/index.ts';
import type { Knowledge } from './answer.ts';

export interface ValuesText {
  /** The file with everything but the block blanked out: a YAML text of its own, in which places are the same. */
  readonly text: string;
  /** The HelmReleases whose values it is a part of. */
  readonly releases: readonly Mapping[];
}

/** The block of values around an offset; undefined where there is none, or no release takes it. */
export function valuesTextAt(file: WorkspaceFile, offset: number, knowledge: Knowledge): ValuesText | undefined {
  const { text, name } = file.source;
  const column = offset - (text.lastIndexOf('\n', offset - 1) + 1);
  for (const object of file.objects) {
    for (const { key, value } of entriesOf(object)) {
      if (value.kind !== 'scalar' || value.style !== 'literal' || value.at.file !== name) continue;
      const block = blockOf(value, text);
      if (block === undefined || offset < block.start || offset > block.end || column < block.indent) continue;
      const releases = takersOf(object, key.text, knowledge);
      return releases.length === 0 ? undefined : { text: onlyBlock(text, block), releases };
    }
  }
  return undefined;
}

/** The entries that hold plain text. */
function entriesOf({ id, node }: WorkspaceObject) {
  if (id.kind !== 'ConfigMap' && id.kind !== 'Secret') return [];
  const section = get(node, id.kind === 'ConfigMap' ? 'data' : 'stringData');
  return section?.kind === 'mapping' ? section.entries : [];
}

function takersOf(object: WorkspaceObject, key: string, { workspace }: Knowledge): readonly Mapping[] {
  const from = workspace.linksTo(object).map((link) => link.from);
  return [...new Set(from)]
    .filter((release) => release.flux === flux.helmRelease && takes(release, object, key))
    .map(({ node }) => node);
}

/** Whether the text of that key is values as a whole, not the value at one path. */
function takes(release: WorkspaceObject, { id }: WorkspaceObject, key: string): boolean {
  return flux.helmRelease
    .view(release.node)
    .valuesFrom.some(
      ({ kind, name, valuesKey, targetPath }) =>
        kind.value === id.kind &&
        name.value === id.name &&
        (valuesKey?.value || 'values.yaml') === key &&
        !targetPath?.value,
    );
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly indent: number;
}

/** The lines of a block scalar, the empty ones behind it among them: there is where one goes on to write. */
function blockOf({ at }: Scalar, text: string): Block | undefined {
  const start = text.indexOf('\n', at.start) + 1;
  if (start === 0) return undefined;
  const lines = text.slice(start).split('\n');
  const indent = indentOf(lines.find((line) => line.trim() !== '') ?? '');
  if (indent === 0) return undefined;
  const rest = lines.findIndex((line) => line.trim() !== '' && indentOf(line) < indent);
  const inside = rest < 0 ? lines : lines.slice(0, rest);
  return { start, end: start + inside.join('\n').length, indent };
}

const indentOf = (line: string) => line.length - line.trimStart().length;

function onlyBlock(text: string, { start, end }: Block): string {
  return text.slice(0, start).replace(/[^\n]/g, ' ') + text.slice(start, end);
}
