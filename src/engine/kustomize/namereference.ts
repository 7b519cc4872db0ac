/**
 * Back-references: when objects got other names, the fields that refer to them by name follow. Who may refer to whom is
 * in the configuration; which of several namesakes is meant is decided by kind, namespace and the prefixes and suffixes
 * that referrer and target have in common.
 */
import { get, type Mapping, type Node, type Origin, type Scalar } from '../yaml/node.ts';
import type { NameReference } from './config.ts';
import { type FieldSpec, type Gvk, isSelected, visitField } from './fieldspec.ts';
import { Refusal } from './refusal.ts';
import type { ResMap } from './resmap.ts';
import {
  effectiveNamespace,
  idText,
  kindOf,
  nameOf,
  nameOrigin,
  namespaceOf,
  previousIds,
  type ResId,
  type Resource,
} from './resource.ts';
import { demand, isMissing, isNull, lookup, mapItems, setText, withText } from './tree.ts';

/** Brings every reference up to date with the names as they are now. */
export function fixBackReferences(map: ResMap, references: readonly NameReference[]): void {
  const renamed = new Names(map);
  const specsByKind = new Map<string, readonly Rule[]>();
  for (const [index, of] of map.resources.entries()) {
    const original = map.original(of);
    const key = `${original.group}|${original.version}|${original.kind}`;
    let rules = specsByKind.get(key);
    if (rules === undefined) {
      rules = rulesFor(original, references);
      specsByKind.set(key, rules);
    }
    const node = rules.length === 0 ? of.node : new Referrer(of, map, renamed).fix(rules);
    if (node !== of.node) renamed.changed.set(index, node);
  }
  for (const [index, node] of renamed.changed) map.replace(index, { ...map.at(index), node });
}

interface Rule {
  readonly target: Gvk;
  readonly spec: FieldSpec;
}

function rulesFor(original: Gvk, references: readonly NameReference[]): readonly Rule[] {
  return references.flatMap(({ target, referrers }) =>
    referrers.filter((spec) => isSelected(original, spec)).map((spec) => ({ target, spec })),
  );
}

interface Candidate {
  readonly of: Resource;
  readonly previous: readonly ResId[];
  readonly current: ResId;
}

/** Resources by the names that they had before. */
class Names {
  readonly changed = new Map<number, Mapping>();
  private readonly byName = new Map<string, Candidate[]>();
  private readonly byOriginalNamespace = new Map<string, Candidate[]>();

  constructor(map: ResMap) {
    for (const of of map.resources) {
      const previous = previousIds(of);
      const candidate = { of, previous, current: map.current(of) };
      add(this.byOriginalNamespace, effectiveNamespace(previous[0] ?? candidate.current), candidate);
      for (const name of new Set(previous.map((id) => id.name))) add(this.byName, name, candidate);
    }
  }

  /** Every resource that was first in this namespace. */
  originallyIn(namespace: string): readonly Candidate[] {
    return this.byOriginalNamespace.get(namespace) ?? [];
  }

  named(name: string): readonly Candidate[] {
    return this.byName.get(name) ?? [];
  }
}

function add(index: Map<string, Candidate[]>, key: string, candidate: Candidate): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [candidate]);
  else list.push(candidate);
}

/** One resource that may refer to others. */
class Referrer {
  private readonly of: Resource;
  private readonly names: Names;
  private readonly id: ResId;
  private readonly bindingNamespaces: ReadonlySet<string>;

  constructor(of: Resource, map: ResMap, names: Names) {
    this.of = of;
    this.names = names;
    this.id = map.current(of);
    this.bindingNamespaces = namespacesOfSubjects(of.node, this.id);
  }

  fix(rules: readonly Rule[]): Mapping {
    let { node } = this.of;
    for (const { target, spec } of rules) {
      const set = (found: Node): Node => this.set(found, target, spec, node);
      try {
        node = visitField(node, spec, { set, at: node.at });
      } catch (thrown) {
        if (!(thrown instanceof Refusal)) throw thrown;
        throw thrown.within(`updating name reference in '${spec.path}' field of '${idText(this.id)}'`);
      }
    }
    return node;
  }

  private set(found: Node, target: Gvk, spec: FieldSpec, node: Mapping): Node {
    if (isNull(found)) return found;
    if (found.kind === 'scalar') return this.setScalar(found, target, spec, node);
    if (found.kind === 'mapping') return this.setMapping(found, target, spec, node);
    return mapItems(found, (item) => {
      if (isNull(item)) return item;
      if (item.kind === 'scalar') return this.setScalar(item, target, spec, node);
      if (item.kind === 'mapping') return this.setMapping(item, target, spec, node);
      throw new Refusal('a name reference is expected to be either a string or a map of string', item.at);
    });
  }

  private setScalar(found: Scalar, target: Gvk, spec: FieldSpec, node: Mapping): Node {
    const candidates = this.names.named(found.text).filter((each) => this.isReachable(each));
    const referral = this.choose(candidates, target, spec, node, found.at, (a, b) => nameOf(a) === nameOf(b));
    if (referral === undefined || nameOf(referral) === found.text) return found;
    return withText(found, nameOf(referral), originOfName(referral, found.at));
  }

  private setMapping(found: Mapping, target: Gvk, spec: FieldSpec, node: Mapping): Node {
    const name = lookup(found, ['name']);
    if (name === undefined) throw new Refusal("path config error; no 'name' field in node", found.at);
    const oldName = name.kind === 'scalar' ? name.text : '';
    const namespace = lookup(found, ['namespace']);
    let candidates: readonly Candidate[] = this.names.named(oldName).filter((each) => this.isReachable(each));
    if (namespace !== undefined)
      candidates = this.inNamespace(candidates, namespace.kind === 'scalar' ? namespace.text : '');
    const isSame = (a: Mapping, b: Mapping): boolean => nameOf(a) === nameOf(b) && namespaceOf(a) === namespaceOf(b);
    const referral = this.choose(candidates, target, spec, node, found.at, isSame);
    if (referral === undefined) return found;
    const newName = nameOf(referral);
    const newNamespace = namespaceOf(referral);
    if (newName === oldName && newNamespace === '') return found;
    let out = found;
    if (newName !== oldName) out = setText(out, 'name', newName, originOfName(referral, name.at));
    if (newNamespace === '' || (namespace?.kind === 'scalar' && namespace.text === newNamespace)) return out;
    return setText(out, 'namespace', newNamespace, get(get(referral, 'metadata'), 'namespace')?.at ?? found.at);
  }

  /** Those that were first in a namespace, if anything in reach was; else those that are in it now. */
  private inNamespace(candidates: readonly Candidate[], namespace: string): readonly Candidate[] {
    const isKnown = this.names.originallyIn(namespace).some((each) => this.isReachable(each));
    return candidates.filter(({ previous, current }) => {
      const id = isKnown ? (previous[0] ?? current) : current;
      return effectiveNamespace(id) === namespace;
    });
  }

  /** Whether the referrer can refer to it at all: the same namespace, or one of them has none. */
  private isReachable({ of, current }: Candidate): boolean {
    if (this.id.clusterScoped || current.clusterScoped) return true;
    if (effectiveNamespace(this.id) === effectiveNamespace(current)) return true;
    return this.bindingNamespaces.has(namespaceOf(of.node));
  }

  private isInSameNamespace({ of, current }: Candidate): boolean {
    if (this.id.clusterScoped || current.clusterScoped || kindOf(of.node) === 'ServiceAccount') return true;
    return effectiveNamespace(this.id) === effectiveNamespace(current);
  }

  private choose(
    all: readonly Candidate[],
    target: Gvk,
    spec: FieldSpec,
    node: Mapping,
    at: Origin,
    isSame: (a: Mapping, b: Mapping) => boolean,
  ): Mapping | undefined {
    if (all.length === 0) return undefined;
    const role = spec.path.endsWith('roleRef/name') ? roleOf(node) : undefined;
    let left = all.filter(
      (each) =>
        each.previous.some((id) => isSelected(id, target)) &&
        (role === undefined || each.previous.some((id) => isSelected(id, role))) &&
        this.isInSameNamespace(each),
    );
    if (left.length === 1) return left[0]!.of.node;
    left = left.filter(({ of }) => sharesAffixes(of, this.of, 'or-none'));
    if (left.length > 1) left = left.filter(({ of }) => sharesAffixes(of, this.of, 'exactly'));
    const [first] = left;
    if (first === undefined) return undefined;
    if (left.every(({ of }) => isSame(of.node, first.of.node))) return first.of.node;
    const ids = left.map(({ current }) => idText(current)).join(', ');
    throw new Refusal(`found multiple possible referrals: ${ids}`, at);
  }
}

function originOfName(referral: Mapping, via: Origin): Origin {
  const at = nameOrigin(referral);
  return at.via === undefined ? { ...at, via } : at;
}

/** Service accounts that a RoleBinding names lie in these namespaces. */
function namespacesOfSubjects(node: Mapping, id: ResId): ReadonlySet<string> {
  const out = new Set<string>();
  if (kindOf(node) !== 'RoleBinding') return out;
  const subjects = get(node, 'subjects');
  if (subjects?.kind !== 'sequence') return out;
  for (const subject of subjects.items) {
    const namespace = get(subject, 'namespace');
    const kind = get(subject, 'kind');
    if (namespace === undefined || kind?.kind !== 'scalar' || kind.text !== 'ServiceAccount') continue;
    if (namespace.kind !== 'scalar' || isMissing(namespace)) {
      throw new Refusal(`Invalid Input: namespace is blank for resource "${idText(id)}"`, namespace.at);
    }
    out.add(namespace.text);
  }
  return out;
}

function roleOf(node: Mapping): Gvk | undefined {
  const roleRef = get(node, 'roleRef');
  const group = get(roleRef, 'apiGroup');
  const kind = get(roleRef, 'kind');
  demand(roleRef, 'mapping');
  if (group?.kind !== 'scalar' || kind?.kind !== 'scalar') return undefined;
  return { group: group.text, version: '', kind: kind.text };
}

function sharesAffixes(a: Resource, b: Resource, mode: 'or-none' | 'exactly'): boolean {
  const same = (x: readonly string[], y: readonly string[]): boolean =>
    (mode === 'or-none' && (x.length === 0 || y.length === 0)) || sameEnding(x, y);
  return same(a.prefixes, b.prefixes) && same(a.suffixes, b.suffixes);
}

/** Whether the shorter list is the end of the longer one; an empty list only matches an empty one. */
function sameEnding(a: readonly string[], b: readonly string[]): boolean {
  const compare = (short: readonly string[], long: readonly string[]): boolean => {
    if (short.length === 0) return long.length === 0;
    const offset = long.length - short.length;
    return short.every((each, index) => each === long[offset + index]);
  };
  return a.length > b.length ? compare(b, a) : compare(a, b);
}
