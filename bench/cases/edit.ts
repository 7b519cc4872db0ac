/** One edit in a fleet that is already built: from the changed text to the changed output. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printAll } from '../../src/engine/index.ts';
import { diskTree, overlayTree, snapshot } from '../../src/io/disk.ts';
import { loadKustomizer } from '../../src/io/kustomizer.ts';
import { writeFleet, writeLargeOverlay } from '../fleet.ts';
import { middle, type Row, run, type Table } from '../measure.ts';
import { tool } from '../tools.ts';

export async function edit(folder: string): Promise<readonly Table[]> {
  const overlays = writeFleet(join(folder, 'fleet'), 50);
  const large = writeLargeOverlay(join(folder, 'large'), 400);
  const base = (path: string) => join(path, '../../base', `${/app-\d+/.exec(path)![0]}-1.yaml`);
  const rows: Row[] = [
    afterEdit('a base file of one of 50 overlays', overlays, base(overlays[7]!), overlays[7]!),
    afterEdit('the patch of one of 50 overlays', overlays, join(overlays[7]!, 'replicas.yaml'), overlays[7]!),
    afterEdit('a base file of an overlay of 2,000', [large], join(large, '../base/part-000-1.yaml'), large),
  ];
  const kustomize = tool('kustomize');
  if (kustomize !== undefined) {
    const { time } = await run(kustomize, ['build', overlays[7]!]);
    rows.push({ what: 'kustomize build of the one overlay', time });
  }
  return [{ title: 'one edit to the new output, inside one process', rows }];
}

/** Builds everything once, then times edit after edit of one file up to the printed output of its overlay. */
function afterEdit(what: string, overlays: readonly string[], file: string, overlay: string): Row {
  const kustomizer = loadKustomizer();
  const disk = snapshot(diskTree('/'));
  for (const path of overlays) kustomizer.build({ tree: disk, path });
  const text = readFileSync(file, 'utf8');
  const times: number[] = [];
  let note = '';
  for (let i = 0; i < 30; i++) {
    const edited = text.replace('replicas: ', `replicas: ${i + 10}`);
    const started = performance.now();
    const tree = overlayTree(disk, new Map([[file, edited]]));
    const { objects } = kustomizer.build({ tree, path: overlay });
    const output = printAll(
      objects.map(({ node }) => node),
      'kyaml',
    );
    times.push(performance.now() - started);
    if (!output.includes(`replicas: ${i + 10}`)) note = 'WRONG: the edit is not in the output';
  }
  return { what, time: middle(times), note: note === '' ? `first ${times[0]!.toFixed(1)} ms` : note };
}
