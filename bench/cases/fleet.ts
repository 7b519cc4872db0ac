/** A whole fleet of 50 overlays × 20 resources: cold processes, and the engine inside one process. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type KustomizeResult, printAll } from '../../src/engine/index.ts';
import { diskTree, snapshot } from '../../src/io/disk.ts';
import { loadKustomizer } from '../../src/io/kustomizer.ts';
import { writeFleet } from '../fleet.ts';
import { median, program, type Row, run, type Table } from '../measure.ts';
import { cli, tool } from '../tools.ts';

export async function fleet(folder: string): Promise<readonly Table[]> {
  const overlays = writeFleet(folder, 50);
  const inside = insideProcess(overlays);
  const kustomize = tool('kustomize');
  const flate = tool('flate');
  const processes: Row[] = [];
  processes.push(
    await program('sluice build', process.execPath, () => [cli, 'build', folder, '--cluster', 'clusters/prod']),
  );
  if (flate !== undefined) {
    // flate takes the nearest Git repository for the root of the fleet, and keeps what it rendered on disk.
    execFileSync('git', ['init', '--quiet', folder]);
    const words = ['build', 'ks', '--path', 'clusters/prod', '--no-progress', '--cache-dir'];
    const caches = [0, 1, 2, 3, 4].map((i) => join(folder, `../${basename(folder)}-cache-${i}`));
    processes.push(await program('flate build ks, its cache empty', flate, (i) => [...words, caches[i]!], folder));
    processes.push(await program('flate build ks, its cache full', flate, () => [...words, caches[0]!], folder));
    for (const cache of caches) rmSync(cache, { recursive: true, force: true });
  }
  const peers: Row[] = [];
  if (kustomize !== undefined) {
    const started = performance.now();
    for (const overlay of overlays) await run(kustomize, ['build', overlay]);
    peers.push({ what: '50 × kustomize build, one after the other', time: performance.now() - started });
  }
  return [
    { title: 'fleet of 50 × 20 resources, whole process', rows: [...processes, ...peers] },
    { title: 'fleet of 50 × 20 resources, kustomize inside one process', rows: [...inside, ...peers] },
  ];
}

/** The kustomize engine alone, from an empty memory and again with a full one. */
function insideProcess(overlays: readonly string[]): readonly Row[] {
  const kustomizer = loadKustomizer();
  const all = () => {
    const tree = snapshot(diskTree('/'));
    return overlays.map((path) => kustomizer.build({ tree, path }));
  };
  const started = performance.now();
  const results = all();
  const texts = results.map(printed);
  const cold = performance.now() - started;
  const note = `${results.reduce((sum, { objects }) => sum + objects.length, 0)} objects, ${texts.join('').length} characters`;
  return [
    { what: 'cold: the first build of a process, printed', time: cold, note },
    { what: 'files read again, nothing changed', time: median(5, () => void all()) },
  ];
}

function printed({ objects, problems }: KustomizeResult): string {
  if (objects.length === 0) throw new Error(`nothing was built: ${problems[0]?.message}`);
  return printAll(
    objects.map(({ node }) => node),
    'kyaml',
  );
}
