/** Puts a text before or behind names: what `namePrefix` and `nameSuffix` have in common. */
import type { Node, Scalar } from '../../yaml/node.ts';
import { type FieldSpec, type Gvk, isSelected, visitField } from '../fieldspec.ts';
import type { ResMap } from '../resmap.ts';
import { gvkOf, type Resource, remember } from '../resource.ts';
import { demand, isNull, withText } from '../tree.ts';

const skipped: readonly Gvk[] = [
  { group: '', version: '', kind: 'CustomResourceDefinition' },
  { group: 'apiregistration.k8s.io', version: '', kind: 'APIService' },
  { group: '', version: '', kind: 'Namespace' },
];

export interface Affix {
  readonly text: Scalar;
  readonly side: 'prefix' | 'suffix';
  readonly specs: readonly FieldSpec[];
}

export function addAffix(map: ResMap, affix: Affix): void {
  map.update((of) => {
    const original = map.original(of);
    if (skipped.some((gvk) => isSelected(original, gvk))) return of;
    let out = of;
    for (const spec of affix.specs) if (isSelected(original, spec)) out = apply(out, spec, affix, map);
    return out;
  });
}

function apply(of: Resource, spec: FieldSpec, { text, side }: Affix, map: ResMap): Resource {
  let out = of;
  if (spec.path === 'metadata/name' && text.text !== '') {
    const kept = remember(of, map.isClusterScoped);
    const list = side === 'prefix' ? 'prefixes' : 'suffixes';
    out = { ...kept, [list]: [...of[list], text.text] };
  }
  if (!isSelected(gvkOf(out.node), spec)) return out;
  const set = (found: Node): Node => {
    demand(found, 'scalar');
    if (found.kind !== 'scalar') return found;
    const old = isNull(found) ? '' : found.text;
    return withText(found, side === 'prefix' ? text.text + old : old + text.text, { ...text.at, via: found.at });
  };
  return { ...out, node: visitField(out.node, spec, { set, createKind: 'scalar', at: text.at }) };
}
