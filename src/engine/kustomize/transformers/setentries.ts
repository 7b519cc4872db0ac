/** Sets `key: value` in the mappings that field specs lead to: what labels and annotations have in common. */
import type { Pair } from '../decode.ts';
import { type FieldSpec, isSelected, visitField } from '../fieldspec.ts';
import type { ResMap } from '../resmap.ts';
import { gvkOf } from '../resource.ts';
import { Overwrites, share } from '../sharing.ts';
import { demand, entryOf, setField, settle } from '../tree.ts';

export function setEntries(map: ResMap, pairs: readonly Pair[], specs: readonly FieldSpec[]): void {
  if (pairs.length === 0) return;
  map.update((of) => {
    const gvk = gvkOf(of.node);
    const own = specs.filter((spec) => isSelected(gvk, spec));
    let { node } = of;
    for (const { key, value } of pairs) {
      const entry = share(settle({ ...value, style: 'plain', tag: '!!str' }));
      for (const spec of own) {
        const overwrites = new Overwrites();
        const visited = visitField(node, spec, {
          createKind: 'mapping',
          at: key.at,
          set(found) {
            demand(found, 'mapping');
            if (found.kind !== 'mapping') return found;
            const changed = setField(found, key.text, entry, key.at);
            const old = entryOf(found, key.text);
            if (old !== undefined) overwrites.note(old.value, entryOf(changed, key.text)!.value);
            return changed;
          },
        });
        node = overwrites.carry(visited);
      }
    }
    return node === of.node ? of : { ...of, node };
  });
}
