/** One overlay of 2,000 resources, and how time grows with its size. */

import { join } from 'node:path';
import { printAll } from '../../src/engine/index.ts';
import { diskTree, snapshot } from '../../src/io/disk.ts';
import { loadKustomizer } from '../../src/io/kustomizer.ts';
import { writeLargeOverlay } from '../fleet.ts';
import { program, type Row, type Table } from '../measure.ts';
import { cli, tool } from '../tools.ts';

export async function large(folder: string): Promise<readonly Table[]> {
  const sizes = [500, 1000, 2000].map(
    (count) => [count, writeLargeOverlay(join(folder, String(count)), count / 5)] as const,
  );
  const overlay = sizes[sizes.length - 1]![1];
  const rows: Row[] = [await program('sluice kustomize', process.execPath, () => [cli, 'kustomize', overlay])];
  const kustomize = tool('kustomize');
  if (kustomize !== undefined) rows.push(await program('kustomize build', kustomize, () => ['build', overlay]));
  const growth = sizes.map(([count, path]): Row => {
    const started = performance.now();
    const { objects } = loadKustomizer().build({ tree: snapshot(diskTree('/')), path });
    printAll(
      objects.map(({ node }) => node),
      'kyaml',
    );
    const time = performance.now() - started;
    return {
      what: `${count} resources, built once`,
      time,
      note: `${((time * 1000) / objects.length).toFixed(0)} µs for each object`,
    };
  });
  return [
    { title: 'one overlay of 2,000 resources, whole process', rows },
    { title: 'growth with the number of resources, inside one process', rows: growth },
  ];
}
