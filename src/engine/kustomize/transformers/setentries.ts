/** Sets `key: value` in the mappings that field specs lead to: what labels and annotations have in common. */
import type { Pair } from '../decode.ts';
import { type FieldSpec, isSelected, visitField } from '../fieldspec.ts';
import type { ResMap } from '../resmap.ts';
import { gvkOf } from '../resource.ts';
import { demand, isNull, setField } from '../tree.ts';

export function setEntries(map: ResMap, pairs: readonly Pair[], specs: readonly FieldSpec[]): void {
  if (pairs.length === 0) return;
  map.update((of) => {
    const gvk = gvkOf(of.node);
    const own = specs.filter((spec) => isSelected(gvk, spec));
    let { node } = of;
    for (const { key, value } of pairs) {
      const entry = { ...value, style: 'plain' as const, tag: '!!str' };
      for (const spec of own) {
        node = visitField(node, spec, {
          createKind: 'mapping',
          at: key.at,
          set(found) {
            demand(found, 'mapping');
            return found.kind === 'mapping' && !isNull(found) ? setField(found, key.text, entry, key.at) : found;
          },
        });
      }
    }
    return node === of.node ? of : { ...of, node };
  });
}
