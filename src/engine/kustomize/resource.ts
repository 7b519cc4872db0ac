/**
 * One object on its way through a build: its node and what kustomize remembers beside it. kustomize keeps that history
 * in annotations that it removes at the end; here it is plain data, so that a patch cannot touch it.
 */
import { get, type Mapping, type Node, type Origin } from '../yaml/node.ts';
import type { Gvk } from './fieldspec.ts';
import { isEmpty } from './tree.ts';

/** kustomize's ResId: a kind, a name and a namespace; whether the kind has a namespace is decided when it is made. */
export interface ResId extends Gvk {
  readonly name: string;
  readonly namespace: string;
  readonly clusterScoped: boolean;
}

/** What the object was called before a transformer renamed it. */
interface PreviousId {
  readonly name: string;
  readonly namespace: string;
  readonly kind: string;
}

export type Behavior = 'unspecified' | 'create' | 'replace' | 'merge';

/** Where a resource or transformer was configured: the content of the origin and transformations annotations. */
export interface Provenance {
  readonly path?: string;
  readonly configuredIn?: string;
  readonly configuredBy?: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name?: string;
    readonly namespace?: string;
  };
}

/** The annotations that a kustomization's `buildMetadata` asks for. */
export const originKey = 'config.kubernetes.io/origin';
export const transformationsKey = 'alpha.config.kubernetes.io/transformations';

export interface Resource {
  readonly node: Mapping;
  readonly previous: readonly PreviousId[];
  readonly prefixes: readonly string[];
  readonly suffixes: readonly string[];
  readonly needsHash: boolean;
  readonly behavior: Behavior;
  readonly allowNameChange: boolean;
  readonly allowKindChange: boolean;
  /** Names of the vars whose value is taken from this object. */
  readonly vars: readonly string[];
  readonly provenance: Provenance | undefined;
  readonly transformations: readonly Provenance[];
  /** Objects that a chart made keep the namespace that the chart gave them. */
  readonly fromHelm: boolean;
}

export function resource(node: Mapping): Resource {
  return {
    node,
    previous: [],
    prefixes: [],
    suffixes: [],
    needsHash: false,
    behavior: 'unspecified',
    allowNameChange: false,
    allowKindChange: false,
    vars: [],
    provenance: undefined,
    transformations: [],
    fromHelm: false,
  };
}

const textOf = (node: Node | undefined): string => (node?.kind === 'scalar' && !isEmpty(node) ? node.text : '');

export const kindOf = (node: Mapping): string => scalarText(get(node, 'kind'));
export const apiVersionOf = (node: Mapping): string => scalarText(get(node, 'apiVersion'));
export const nameOf = (node: Mapping): string => textOf(get(get(node, 'metadata'), 'name'));
export const namespaceOf = (node: Mapping): string => textOf(get(get(node, 'metadata'), 'namespace'));

function scalarText(node: Node | undefined): string {
  return node?.kind === 'scalar' ? node.text : '';
}

export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  if (slash < 0) return { group: '', version: apiVersion };
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

const gvks = new Map<string, Gvk>();

/** The object's kind; the same kind is the same value, so that it can key caches. */
export function gvkOf(node: Mapping): Gvk {
  const apiVersion = apiVersionOf(node);
  const kind = kindOf(node);
  const key = `${apiVersion}|${kind}`;
  let gvk = gvks.get(key);
  if (gvk === undefined) {
    if (gvks.size > 10_000) gvks.clear();
    gvk = { ...splitApiVersion(apiVersion), kind };
    gvks.set(key, gvk);
  }
  return gvk;
}

/** Tells whether a kind surely has no namespace; kinds that are not known count as namespaced. */
export type Scope = (gvk: Gvk) => boolean;

interface Identity {
  readonly gvk: Gvk;
  readonly namespaced: ResId;
  readonly clusterScoped: ResId;
}

const identities = new WeakMap<Mapping, Identity>();

/** What a node says of itself, read once: ids are asked for far more often than they change. */
function identityOf(node: Mapping): Identity {
  let identity = identities.get(node);
  if (identity === undefined) {
    const gvk = gvkOf(node);
    const named = { ...gvk, name: nameOf(node), namespace: namespaceOf(node) };
    const namespaced = { ...named, clusterScoped: false };
    identity = { gvk, namespaced, clusterScoped: { ...named, clusterScoped: true } };
    identities.set(node, identity);
  }
  return identity;
}

export function currentId(of: Resource, isClusterScoped: Scope): ResId {
  const identity = identityOf(of.node);
  return isClusterScoped(identity.gvk) ? identity.clusterScoped : identity.namespaced;
}

export function previousIds(of: Resource): readonly ResId[] {
  if (of.previous.length === 0) return [];
  const { group, version } = splitApiVersion(apiVersionOf(of.node));
  return of.previous.map(({ name, namespace, kind }) => ({
    group,
    version,
    kind,
    name,
    namespace,
    clusterScoped: false,
  }));
}

export function originalId(of: Resource, isClusterScoped: Scope): ResId {
  return previousIds(of)[0] ?? currentId(of, isClusterScoped);
}

/** What `namespace` means for comparison: none for cluster-scoped kinds, `default` for an empty one. */
export function effectiveNamespace(id: ResId): string {
  if (id.clusterScoped) return '_non_namespaceable_';
  return id.namespace === '' ? 'default' : id.namespace;
}

/** Equal for two ids that kustomize takes for the same object. */
export function idKey(id: ResId): string {
  return `${id.group}|${id.version}|${id.kind}|${effectiveNamespace(id)}|${id.name}`;
}

/** An id in kustomize's words: `Deployment.v1.apps/api.default`. */
export function idText(id: ResId): string {
  const { kind, version, group, name, namespace } = id;
  return `${kind || '[noKind]'}.${version || '[noVer]'}.${group || '[noGrp]'}/${name || '[noName]'}.${namespace || '[noNs]'}`;
}

/** The resource with its present id remembered, before a transformer changes it. */
export function remember(of: Resource, isClusterScoped: Scope): Resource {
  const id = currentId(of, isClusterScoped);
  return {
    ...of,
    previous: [...of.previous, { name: id.name, namespace: effectiveNamespace(id), kind: id.kind }],
  };
}

export function nameOrigin(node: Mapping): Origin {
  return get(get(node, 'metadata'), 'name')?.at ?? node.at;
}
