/**
 * The annotations (or labels: Flux takes either, and compares without case) by which an object is left alone.
 * Flux looks at the wanted and at the live object.
 */
import { stringAt, stringsAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';

const prefix = 'kustomize.toolkit.fluxcd.io';
const helm = 'helm.toolkit.fluxcd.io';

/** Whether a label or annotation `kustomize.toolkit.fluxcd.io/<name>` has a value, compared without case. */
export function marked(object: Json | undefined, name: string, value: string): boolean {
  const key = `${prefix}/${name}`;
  return (['labels', 'annotations'] as const).some(
    (place) => stringsAt(object, 'metadata', place)[key]?.toLowerCase() === value.toLowerCase(),
  );
}

/** Why Flux would not apply `desired` over `live`; undefined when it would. */
export function skipReason(desired: Json, live: Json | undefined): string | undefined {
  for (const [object, where] of [
    [desired, 'here'],
    [live, 'in the cluster'],
  ] as const) {
    if (marked(object, 'reconcile', 'disabled')) return `marked ${prefix}/reconcile: disabled ${where}`;
    if (marked(object, 'ssa', 'Ignore')) return `marked ${prefix}/ssa: Ignore ${where}`;
  }
  if (stringAt(live, 'metadata', 'uid') !== '' && marked(desired, 'ssa', 'IfNotPresent')) {
    return `marked ${prefix}/ssa: IfNotPresent, and it is present`;
  }
  return undefined;
}

/** Why Flux would not prune a live object; undefined when it would. `owner` is what its labels must name. */
export function keepReason(
  live: Json,
  owner: { readonly group: string; readonly name: string; readonly namespace: string },
) {
  const labels = stringsAt(live, 'metadata', 'labels');
  const name = labels[`${owner.group}/name`];
  const namespace = labels[`${owner.group}/namespace`];
  // A release that helm itself installed has Helm's marks alone.
  const helms = owner.group === helm && stringsAt(live, 'metadata', 'annotations')['meta.helm.sh/release-name'];
  if (name === undefined && !helms) return `it no longer carries the label ${owner.group}/name`;
  if (name !== undefined && (name !== owner.name || namespace !== owner.namespace))
    return `its labels say that ${namespace}/${name} owns it`;
  const policy = stringsAt(live, 'metadata', 'annotations')['helm.sh/resource-policy'];
  if (owner.group === helm) return policy === 'keep' ? 'marked helm.sh/resource-policy: keep' : undefined;
  if (marked(live, 'prune', 'disabled')) return `marked ${prefix}/prune: disabled`;
  if (marked(live, 'reconcile', 'disabled')) return `marked ${prefix}/reconcile: disabled`;
  if (marked(live, 'ssa', 'Ignore')) return `marked ${prefix}/ssa: Ignore`;
  return undefined;
}

export function forced(desired: Json, live: Json | undefined): boolean {
  return marked(desired, 'force', 'enabled') || marked(live, 'force', 'enabled');
}
