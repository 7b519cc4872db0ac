/** `namespace`: puts every object that can have one into a namespace, and the fields that name the namespace with it. */
import type { Mapping, Node, Origin, Scalar } from '../../yaml/node.ts';
import { specOf } from '../config.ts';
import { boolean, decodeMapping, list, string, struct } from '../decode.ts';
import { type FieldSpec, fieldSpec, isSelected, visitField } from '../fieldspec.ts';
import { fieldSpecEntry, objectMeta } from '../kustomization.ts';
import { Refusal } from '../refusal.ts';
import type { ResMap } from '../resmap.ts';
import { apiVersionOf, gvkOf, idText, remember } from '../resource.ts';
import { pluginReading, type TransformerKind } from '../step.ts';
import {
  demand,
  entryOf,
  inPlaceOf,
  isEmpty,
  isMissing,
  isNull,
  lookup,
  mapItems,
  updateAt,
  withEntry,
} from '../tree.ts';

const modes = ['defaultOnly', 'none', 'allServiceAccounts'] as const;
type SubjectMode = (typeof modes)[number];

interface Namespacing {
  readonly namespace: Scalar;
  readonly specs: readonly FieldSpec[];
  readonly unsetOnly: boolean;
  readonly subjects: SubjectMode;
}

const config = struct('NamespaceTransformer', {
  metadata: objectMeta,
  fieldSpecs: list(fieldSpecEntry),
  unsetOnly: boolean,
  setRoleBindingSubjects: string,
});

export const namespace: TransformerKind = {
  name: 'NamespaceTransformer',
  fromKustomization({ namespace: name }, { config: tables }) {
    if (name === undefined || name.text === '') return [];
    const how: Namespacing = { namespace: name, specs: tables.namespace, unsetOnly: false, subjects: 'defaultOnly' };
    return [(map) => setNamespace(map, how)];
  },
  fromConfig(node) {
    const read = decodeMapping(config, node, pluginReading);
    const name = read.metadata?.namespace;
    const mode = read.setRoleBindingSubjects;
    const subjects = mode === undefined || mode.text === '' ? 'defaultOnly' : modes.find((each) => each === mode.text);
    if (subjects === undefined) {
      throw new Refusal(
        `invalid value "${mode!.text}" for setRoleBindingSubjects: must be one of "defaultOnly", "none" or "allServiceAccounts"`,
        mode!.at,
      );
    }
    const specs = (read.fieldSpecs ?? []).map(specOf);
    return (map) => {
      if (name === undefined || name.text === '') return;
      setNamespace(map, { namespace: name, specs, unsetOnly: read.unsetOnly === true, subjects });
    };
  },
};

function setNamespace(map: ResMap, how: Namespacing): void {
  const seen = new Map<string, number>();
  const before = map.resources.map((of) => map.current(of));
  map.update((of) => {
    if (of.fromHelm) return of;
    const kept = remember(of, map.isClusterScoped);
    return { ...kept, node: withNamespace(kept.node, how, map.isClusterScoped(gvkOf(kept.node))) };
  });
  for (const [index, of] of map.resources.entries()) {
    const id = map.current(of);
    const key = `${id.group}|${id.version}|${id.kind}|${id.clusterScoped ? '' : id.namespace || 'default'}|${id.name}`;
    const other = seen.get(key);
    if (other !== undefined) {
      const names = [before[other]!, before[index]!].map(idText).join(' and ');
      throw new Refusal(
        `namespace transformation produces ID conflict: ${names} both become ${idText(id)}`,
        how.namespace.at,
      );
    }
    seen.set(key, index);
  }
}

const onObject = fieldSpec('metadata/namespace', true);

/** The object in the namespace. Also what ValueAddTransformer does for the path `metadata/namespace`. */
export function withNamespace(object: Mapping, how: Namespacing, isClusterScoped: boolean): Mapping {
  const gvk = gvkOf(object);
  const at: Origin = how.namespace.at;
  const set = (found: Node): Node => setName(found, how);
  let out = object;
  if (!isClusterScoped) out = visitField(out, onObject, { set, createKind: 'scalar', at });
  const isBinding = gvk.kind === 'RoleBinding' || gvk.kind === 'ClusterRoleBinding';
  if (isBinding && how.subjects !== 'none') out = withSubjects(out, how);
  const isV1 = apiVersionOf(object) === 'v1';
  for (const spec of how.specs) {
    if (spec.path === 'metadata/namespace' || (spec.path === 'metadata/name' && !isV1)) continue;
    const isSubjects = spec.path === 'subjects/namespace';
    if (isBinding && isSubjects && (spec.kind === 'RoleBinding' || spec.kind === 'ClusterRoleBinding')) continue;
    if (isSelected(gvk, spec)) out = visitField(out, spec, { set, createKind: 'scalar', at });
  }
  return out;
}

function setName(found: Node, { namespace: name, unsetOnly }: Namespacing): Node {
  if (found.kind !== 'scalar') {
    throw new Refusal('namespace field specs must target scalar nodes: wrong node kind: expected ScalarNode', found.at);
  }
  if (unsetOnly && !isNull(found) && found.text !== '') return found;
  return inPlaceOf(found, { ...name, style: 'plain', tag: '!!str' });
}

/** Subjects named `default`, or all service accounts, are taken to be in the same namespace. */
function withSubjects(object: Mapping, how: Namespacing): Mapping {
  const subjects = entryOf(object, 'subjects')?.value;
  if (isMissing(subjects)) return object;
  demand(subjects, 'sequence');
  if (subjects.kind !== 'sequence') return object;
  const [field, wanted] = how.subjects === 'allServiceAccounts' ? ['kind', 'ServiceAccount'] : ['name', 'default'];
  const changed = mapItems(subjects, (subject) => {
    const found = lookup(subject, [field!]);
    demand(found, 'scalar');
    if (found?.kind !== 'scalar' || isNull(found) || found.text !== wanted || subject.kind !== 'mapping')
      return subject;
    return updateAt(subject, ['namespace'], how.namespace.at, (old) =>
      setName(isEmpty(old) ? { kind: 'scalar', text: '', style: 'plain', at: how.namespace.at } : old!, how),
    );
  });
  return withEntry(object, 'subjects', changed);
}
