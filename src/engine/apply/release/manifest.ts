/** Where the entries of a plan stand in their release's manifest. */
import { idOf, type ObjectId } from '../../objects/object.ts';
import type { PlanEntry } from '../../plan/plan.ts';
import type { ReleaseContent } from '../../render/desired.ts';

/** By the place of each object in the manifest, which is Helm's order of installation. */
export function byManifest(content: ReleaseContent): (a: PlanEntry, b: PlanEntry) => number {
  const places = placesOf(content);
  const place = ({ id }: PlanEntry) => places.get(placeOf(id)) ?? places.get(placeOf({ ...id, namespace: '' })) ?? 0;
  return (a, b) => place(a) - place(b);
}

/** A definition from crds/: of the release, and not in its manifest. */
export function isBeside(content: ReleaseContent, { id }: Pick<PlanEntry, 'id'>): boolean {
  return id.kind === 'CustomResourceDefinition' && !placesOf(content).has(placeOf(id));
}

const known = new WeakMap<ReleaseContent, ReadonlyMap<string, number>>();

function placesOf(content: ReleaseContent): ReadonlyMap<string, number> {
  const made = known.get(content) ?? new Map(content.manifest.map(({ node }, index) => [placeOf(idOf(node)), index]));
  known.set(content, made);
  return made;
}

function placeOf({ group, kind, namespace, name }: ObjectId): string {
  return `${group}/${kind}/${namespace}/${name}`;
}
