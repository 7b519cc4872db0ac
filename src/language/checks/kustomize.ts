/** Fields of kustomization files that kustomize calls deprecated, and those that Flux never runs. */
import { get, type Node, type Scalar } from '../../engine/index.ts';
import { type Diagnostic, type Fix, replace } from '../answer.ts';
import type { KustomizationFile } from '../roles.ts';
import type { Check } from './check.ts';

const replacedBy: { readonly [field: string]: string } = {
  bases: 'resources',
  patchesStrategicMerge: 'patches',
  patchesJson6902: 'patches',
  imageTags: 'images',
  vars: 'replacements',
  commonLabels: 'labels',
};

export const kustomize: Check = function* ({ kustomization }) {
  for (const { key, value } of kustomization?.root.entries ?? []) {
    const better = replacedBy[key.text];
    if (better !== undefined) {
      const message = `"${key.text}" is deprecated: use "${better}".`;
      const fixes = modernize(key, value, better, kustomization!);
      const problem: Diagnostic = { code: 'kustomize-file', severity: 'hint', message, at: key.at, tag: 'deprecated' };
      yield fixes.length > 0 ? { ...problem, fixes } : problem;
    }
    if (key.text === 'helmCharts' || key.text === 'helmChartInflationGenerator') {
      const message = `Flux never inflates "${key.text}": write a HelmRelease.`;
      yield { code: 'kustomize-unsupported', severity: 'warning', message, at: key.at };
    }
  }
  for (const item of patchesOf(kustomization?.root)) {
    if (get(item, 'path') === undefined && get(item, 'patch') === undefined) {
      const at = item.kind === 'mapping' ? (item.entries[0]?.key.at ?? item.at) : item.at;
      yield { code: 'kustomize-file', severity: 'error', message: 'A patch needs "path" or "patch".', at };
    }
  }
};

function patchesOf(root: Parameters<typeof get>[0]) {
  const patches = get(root, 'patches');
  return patches?.kind === 'sequence' ? patches.items.filter((item) => item.kind === 'mapping') : [];
}

/** The new field instead of the old one, where that is only another name or another shape of the entries. */
function modernize(key: Scalar, value: Node, better: string, { root, file }: KustomizationFile): readonly Fix[] {
  if (root.entries.some((entry) => entry.key.text === better)) return [];
  const rename = replace(key.at, better);
  const title = `Change to "${better}"`;
  if (key.text === 'bases' || key.text === 'imageTags') return [{ title, edits: [rename] }];
  const inFlow = file.source.text[value.at.start] === '[';
  if (key.text !== 'patchesStrategicMerge' || value.kind !== 'sequence' || inFlow) return [];
  const isPath = (item: Node): boolean => item.kind === 'scalar' && item.style === 'plain' && !/[:\n]/.test(item.text);
  if (!value.items.every(isPath)) return [];
  const items = value.items.map((item) => ({
    file: item.at.file,
    start: item.at.start,
    end: item.at.start,
    text: 'path: ',
  }));
  return [{ title, edits: [rename, ...items] }];
}
