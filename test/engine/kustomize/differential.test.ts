/**
 * Random kustomizations, built here and by the real kustomize: the same bytes, or both refuse. Runs where the real binary
 * is at hand; `DIFFERENTIAL_RUNS` sets how many, `DIFFERENTIAL_SEED` repeats a run.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryFiles } from './generate.ts';
import { buildFiles, type Files, type Outcome, printResult, realKustomize, runReal } from './kustomizer.ts';

const runs = Number(process.env.DIFFERENTIAL_RUNS ?? 25);
const seed = Number(process.env.DIFFERENTIAL_SEED ?? 20261123);

function ours(files: Files, path: string): Outcome {
  const result = buildFiles(files, path === '.' ? '/' : `/${path}`);
  const wrong = result.problems.find(({ severity }) => severity === 'error');
  return wrong === undefined ? { ok: true, text: printResult(result) } : { ok: false, error: wrong.message };
}

test.skipIf(realKustomize === undefined)(
  'random kustomizations come out as from the real kustomize',
  () => {
    let refused = 0;
    fc.assert(
      fc.property(arbitraryFiles, (files) => {
        const mine = ours(files, 'top');
        const real = runReal(files, 'top');
        const shown = Object.entries(files).map(([name, text]) => `# ${name}\n${text}`);
        if (!mine.ok && !real.ok) refused++;
        else if (mine.ok !== real.ok) {
          throw new Error(
            `${mine.ok ? 'only kustomize refuses' : 'only we refuse'}: ${JSON.stringify(mine.ok ? real : mine)}\n${shown.join('\n')}`,
          );
        } else if (mine.ok && real.ok && mine.text !== real.text) {
          expect(`${mine.text}\n=====\n${shown.join('\n')}`).toBe(`${real.text}\n=====\n${shown.join('\n')}`);
        }
      }),
      { numRuns: runs, seed },
    );
    console.log(`kustomize differential: ${runs} builds agree, ${refused} of them refused by both`);
  },
  600_000,
);
