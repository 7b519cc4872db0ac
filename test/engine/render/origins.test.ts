/**
 * The proof of origins: change the scalar that an origin names, render again, and that rendered field must change. Over
 * the example fleet, every field of every object that Flux would apply (Helm charts are not at hand, so releases are out).
 */
import { expect, test } from 'vitest';
import {
  createRenderer,
  type DesiredSet,
  getPath,
  keyOf,
  type Node,
  type Origin,
  openWorkspace,
  textFile,
} from '../../../src/engine/index.ts';
import { diskTree, overlayTree, snapshot } from '../../../src/io/disk.ts';
import { kustomizer } from './check.ts';

const fleet = new URL('../../../examples/my-fleet', import.meta.url).pathname;

interface Field {
  readonly owner: string;
  readonly object: string;
  readonly path: readonly (string | number)[];
  readonly text: string;
  readonly at: Origin;
}

function fieldsOf(set: DesiredSet): readonly Field[] {
  const fields: Field[] = [];
  for (const object of set.objects) {
    const visit = (node: Node, path: readonly (string | number)[]) => {
      if (node.kind === 'mapping') for (const { key, value } of node.entries) visit(value, [...path, key.text]);
      else if (node.kind === 'sequence') node.items.forEach((item, i) => void visit(item, [...path, i]));
      else fields.push({ owner: keyOf(set.owner.id), object: keyOf(object.id), path, text: node.text, at: node.at });
    };
    visit(object.node, []);
  }
  return fields;
}

/** Another scalar of the same type; undefined where the place holds no scalar of its own (a generated file name). */
function changed(source: string): string | undefined {
  if (source === 'true' || source === 'false') return source === 'true' ? 'false' : 'true';
  if (/^["']/.test(source))
    return source.slice(0, -1) + (/\d$/.test(source.slice(0, -1)) ? '7' : 'x') + source.slice(-1);
  if (/^[|>]/.test(source) || source === '' || source.includes('\n')) return undefined;
  return /\d$/.test(source) ? `${source}7` : `${source}x`;
}

test('every origin names the scalar that decides its field', { timeout: 60_000 }, () => {
  const disk = snapshot(diskTree(fleet));
  const renderer = createRenderer({ kustomizer: kustomizer() });
  const renderAll = (edits = new Map<string, ReturnType<typeof textFile>>()) => {
    const workspace = openWorkspace(overlayTree(disk, edits), { remotes: [] });
    return renderer
      .renderCluster(workspace, '/clusters/production')
      .filter((set) => set.owner.id.kind === 'Kustomization');
  };
  const before = renderAll().flatMap(fieldsOf);
  const wrong: string[] = [];
  const counts = { proven: 0, skipped: 0 };
  const done = new Set<string>();
  for (const field of before) {
    const place = `${field.at.file}:${field.at.start}`;
    const text = disk.file(`/${field.at.file}`)?.text;
    const source = text?.slice(field.at.start, field.at.end);
    const next = source === undefined ? undefined : changed(source);
    if (text === undefined || next === undefined) {
      counts.skipped++;
      continue;
    }
    if (done.has(place)) continue;
    done.add(place);
    const edited = text.slice(0, field.at.start) + next + text.slice(field.at.end);
    const after = renderAll(new Map([[`/${field.at.file}`, textFile(field.at.file, edited)]]));
    const same = before.filter((other) => `${other.at.file}:${other.at.start}` === place);
    for (const other of same) {
      const object = after
        .find((set) => keyOf(set.owner.id) === other.owner)
        ?.objects.find((o) => keyOf(o.id) === other.object);
      const now = getPath(object?.node, other.path);
      if (now?.kind === 'scalar' && now.text === other.text)
        wrong.push(`${other.object} ${other.path.join('.')} = ${other.text} from ${place} (${source})`);
      else counts.proven++;
    }
  }
  console.log(
    `origins: ${counts.proven} fields proven, ${counts.skipped} without a scalar of their own, ${wrong.length} wrong`,
  );
  expect(wrong).toEqual([]);
  expect(counts.proven).toBeGreaterThan(200);
});
