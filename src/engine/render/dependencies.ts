/**
 * `dependsOn` between the owners of a cluster: in which order they are applied, what a failure holds up (told once, at its
 * root cause), and what can never be applied because it waits for itself or for nobody.
 */
import { items, string } from '../flux/index.ts';
import { idOf, keyOf, titleOf } from '../objects/object.ts';
import type { Problem } from '../problem.ts';
import type { Mapping, Node } from '../yaml/node.ts';
import type { DesiredSet } from './desired.ts';

interface Dependency {
  readonly key: string;
  readonly title: string;
  readonly node: Node;
}

/** The owners' objects by key, as the cluster will have them. */
export type OwnerObjects = ReadonlyMap<string, Mapping>;

export function dependenciesOf(node: Mapping | undefined): readonly Dependency[] {
  if (node === undefined) return [];
  const own = idOf(node);
  return items(node, 'spec', 'dependsOn').flatMap((item) => {
    const name = string(item, 'name');
    if (name === undefined) return [];
    const kind = string(item, 'kind')?.value ?? own.kind;
    const group = string(item, 'apiVersion')?.value.split('/')[0] ?? own.group;
    const id = { ...own, group, kind, namespace: string(item, 'namespace')?.value ?? own.namespace, name: name.value };
    return [{ key: keyOf(id), title: titleOf(id), node: name.node }];
  });
}

/** The sets with what `dependsOn` makes of them added to their notes and problems. */
export function withDependencies(sets: readonly DesiredSet[], objects: OwnerObjects): readonly DesiredSet[] {
  const byKey = new Map(sets.map((set) => [keyOf(set.owner.id), set]));
  const waits = new Map(sets.map((set) => [keyOf(set.owner.id), dependenciesOf(objects.get(keyOf(set.owner.id)))]));
  const failed = new Set(sets.filter(hasFailed).map((set) => keyOf(set.owner.id)));
  return sets.map((set) => {
    const key = keyOf(set.owner.id);
    const more = [...missing(key), ...circle(key)];
    const notes = failed.has(key) ? [] : heldUp(key);
    const problems = failed.has(key) ? atRootCause(set) : set.problems;
    if (more.length === 0 && notes.length === 0 && problems === set.problems) return set;
    const note = [...(set.note === undefined ? [] : [set.note]), ...notes].join('; ');
    return { ...set, ...(note === '' ? {} : { note }), problems: [...problems, ...more] };
  });

  /** Names that no owner of this cluster has; objects of other kinds may be anywhere. */
  function missing(key: string): readonly Problem[] {
    return (waits.get(key) ?? []).flatMap((dependency): readonly Problem[] => {
      if (
        byKey.has(dependency.key) ||
        objects.has(dependency.key) ||
        !/^(Kustomization|HelmRelease)\./.test(dependency.key)
      )
        return [];
      const message = `${dependency.title} is in no file of this cluster: Flux waits until it is there`;
      return [{ code: 'flux-reference', severity: 'warning', message, at: dependency.node.at }];
    });
  }

  /** A circle is told where its first owner enters it. */
  function circle(key: string): readonly Problem[] {
    const path = wayBack(key);
    if (path === undefined || [...path].sort()[0] !== key) return [];
    const title = (k: string) => titleOf(byKey.get(k)!.owner.id);
    const message = `dependsOn goes round, and Flux waits forever: ${[...path, key].map(title).join(' → ')}`;
    const at = waits.get(key)!.find((dependency) => dependency.key === (path[1] ?? key))?.node.at;
    return [{ code: 'flux-reference', severity: 'error', message, ...(at && { at }) }];
  }

  /** The shortest way from an owner back to itself. */
  function wayBack(start: string): readonly string[] | undefined {
    const seen = new Set<string>();
    let ways: readonly (readonly string[])[] = [[start]];
    while (ways.length > 0) {
      const next: (readonly string[])[] = [];
      for (const way of ways) {
        for (const { key } of waits.get(way.at(-1)!) ?? []) {
          if (key === start) return way;
          if (seen.has(key) || !byKey.has(key)) continue;
          seen.add(key);
          next.push([...way, key]);
        }
      }
      ways = next;
    }
    return undefined;
  }

  /** The problems of a set that failed, the first error with what it holds up. */
  function atRootCause({ owner, problems }: DesiredSet): readonly Problem[] {
    const key = keyOf(owner.id);
    const held = sets.filter((set) => keyOf(set.owner.id) !== key && rootsOf(keyOf(set.owner.id)).includes(key));
    if (held.length === 0) return problems;
    const message = `${titleOf(owner.id)} holds up ${held.map((set) => titleOf(set.owner.id)).join(', ')}`;
    const first = problems.findIndex((problem) => problem.severity === 'error');
    return problems.map((problem, i) =>
      i === first ? { ...problem, related: [...(problem.related ?? []), { message, at: owner.at }] } : problem,
    );
  }

  function heldUp(key: string): readonly string[] {
    const roots = rootsOf(key);
    const titles = roots.map((root) => titleOf(byKey.get(root)!.owner.id));
    return roots.length === 0 ? [] : [`it waits for ${titles.join(', ')}, which cannot be built`];
  }

  /** The failed owners that this one waits for, over any number of steps. */
  function rootsOf(key: string): readonly string[] {
    const found = new Set<string>();
    const seen = new Set([key]);
    const queue = [key];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      for (const dependency of waits.get(at) ?? []) {
        if (seen.has(dependency.key)) continue;
        seen.add(dependency.key);
        if (failed.has(dependency.key)) found.add(dependency.key);
        else queue.push(dependency.key);
      }
    }
    return [...found];
  }
}

function hasFailed(set: DesiredSet): boolean {
  return set.problems.some((problem) => problem.severity === 'error');
}

/** Owners in the order of their application: parents first, then what is depended on, otherwise as they were found. */
export function inOrder(
  keys: Iterable<string>,
  parents: ReadonlyMap<string, string>,
  objects: OwnerObjects,
): readonly string[] {
  const known = new Set(keys);
  const out = new Set<string>();
  const open = new Set<string>();
  const visit = (key: string) => {
    if (out.has(key) || open.has(key) || !known.has(key)) return;
    open.add(key);
    const parent = parents.get(key);
    if (parent !== undefined) visit(parent);
    for (const dependency of dependenciesOf(objects.get(key))) visit(dependency.key);
    out.add(key);
  };
  for (const key of known) visit(key);
  return [...out];
}
