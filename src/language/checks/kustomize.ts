/** Fields of kustomization files that kustomize calls deprecated, and those that Flux never runs. */
import { get } from '../../engine/index.ts';
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
  for (const { key } of kustomization?.root.entries ?? []) {
    const better = replacedBy[key.text];
    if (better !== undefined) {
      const message = `"${key.text}" is deprecated: use "${better}".`;
      yield { code: 'kustomize-file', severity: 'hint', message, at: key.at, tag: 'deprecated' };
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
