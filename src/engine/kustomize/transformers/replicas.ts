/** `replicas`: the number of replicas of the workload that has or had a name. */
import { specOf } from '../config.ts';
import { decodeMapping, list, struct } from '../decode.ts';
import { type FieldSpec, isSelected, visitField } from '../fieldspec.ts';
import { fieldSpecEntry, type Replica, replica } from '../kustomization.ts';
import { Refusal } from '../refusal.ts';
import type { ResMap } from '../resmap.ts';
import { gvkOf } from '../resource.ts';
import { pluginReading, type TransformerKind } from '../step.ts';
import { demand, inPlaceOf } from '../tree.ts';

const config = struct('ReplicaCountTransformer', { replica, fieldSpecs: list(fieldSpecEntry) });

export const replicas: TransformerKind = {
  name: 'ReplicaCountTransformer',
  fromKustomization({ replicas: entries = [] }, { config: tables }) {
    return entries.map((entry) => (map: ResMap) => setReplicas(map, entry, tables.replicas));
  },
  fromConfig(node) {
    const read = decodeMapping(config, node, pluginReading);
    const specs = (read.fieldSpecs ?? []).map(specOf);
    return (map) => setReplicas(map, read.replica ?? { at: node.at }, specs);
  },
};

function setReplicas(map: ResMap, entry: Replica, specs: readonly FieldSpec[]): void {
  const name = entry.name?.text ?? '';
  const at = entry.count?.at ?? entry.at;
  const count = { kind: 'scalar', text: String(entry.count?.value ?? 0), style: 'plain', tag: '!!int', at } as const;
  let isFound = false;
  for (const spec of specs) {
    for (const index of map.named(name)) {
      const of = map.at(index);
      if (!map.idsOf(of).some((id) => id.name === name && isSelected(id, spec))) continue;
      isFound = true;
      if (!isSelected(gvkOf(of.node), spec)) continue;
      const node = visitField(of.node, spec, {
        createKind: 'scalar',
        at,
        set(found) {
          demand(found, 'scalar');
          return inPlaceOf(found, count);
        },
      });
      map.replace(index, { ...of, node });
    }
  }
  if (isFound) return;
  const kinds = specs.map(
    ({ group, version, kind }) => `${kind || '[noKind]'}.${version || '[noVer]'}.${group || '[noGrp]'}`,
  );
  throw new Refusal(
    `resource with name ${name} does not match a config with the following GVK [${kinds.join(' ')}]`,
    entry.name?.at ?? entry.at,
  );
}
