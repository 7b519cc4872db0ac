/** Whatever a file holds, a render answers: mangled files of the example fleet give problems, never an exception. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRenderer, openWorkspace, textFile } from '../../../src/engine/index.ts';
import { diskTree, overlayTree, snapshot } from '../../../src/io/disk.ts';
import { kustomizer } from './check.ts';

const fleet = new URL('../../../examples/my-fleet', import.meta.url).pathname;
const disk = snapshot(diskTree(fleet));
const paths = openWorkspace(disk, { remotes: [] })
  .files.map((file) => file.path)
  .filter((path) => !path.includes('gotk-components'));

const scraps = [
  '',
  '{',
  '[',
  ': ',
  '- ',
  '"',
  "'",
  '|',
  '&a ',
  '*a',
  '!!binary ',
  '---\n',
  '\t',
  '${',
  '${x',
  '<<: ',
  '\0',
  'null',
  '~',
  '{}',
  '[]',
  '../',
  '/',
  '1e999',
  '# ',
  '? ',
  '\u{1f600}',
];

test('mangled files', () => {
  const edit = fc.record({
    path: fc.constantFrom(...paths),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.integer({ min: 0, max: 40 }),
    scrap: fc.constantFrom(...scraps),
  });
  const renderer = createRenderer({ kustomizer: kustomizer() });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const files = new Map<string, ReturnType<typeof textFile>>();
      for (const { path, at, cut, scrap } of edits) {
        const text = readFileSync(fleet + path, 'utf8');
        const start = Math.floor(at * text.length);
        files.set(path, textFile(path.slice(1), text.slice(0, start) + scrap + text.slice(start + cut)));
      }
      const workspace = openWorkspace(overlayTree(disk, files), { remotes: [] });
      for (const { folder } of workspace.clusters) {
        for (const set of renderer.renderCluster(workspace, folder)) {
          const failed = set.problems.some((problem) => problem.severity === 'error');
          if (failed && set.owner.id.kind === 'Kustomization') expect(set.note ?? '').not.toContain('undefined');
          for (const { at } of set.problems) if (at !== undefined) expect(at.end).toBeGreaterThanOrEqual(at.start);
        }
      }
    }),
    { numRuns: Number(process.env.SLUICE_FUZZ_RUNS ?? 150), seed: 20 },
  );
});
