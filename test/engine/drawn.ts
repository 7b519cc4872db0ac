/** How many cases a property draws, and from which seed: the same ones each time, and others or more where one asks for it. */
export function drawn(runs: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: Number(process.env.SLUICE_RUNS ?? runs), seed: Number(process.env.SLUICE_SEED ?? 7) };
}
