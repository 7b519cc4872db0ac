/**
 * What objects are called once kustomize and Flux are done with them, as far as that can be told without building:
 * namespaces that a kustomization sets, prefixes and suffixes, generated ConfigMaps and Secrets, templates.
 */
import {
  flux,
  get,
  type Link,
  type Node,
  nearest,
  text,
  type Workspace,
  type WorkspaceObject,
} from '../engine/index.ts';
import { itemsOf, rolesOf } from './roles.ts';

export interface Names {
  /** The namespaces that objects of a file may end in; undefined in it stands for the one in the file. */
  namespacesOf(path: string): ReadonlySet<string | undefined>;
  /** Whether some file declares, generates or templates the object that a reference means. */
  isDeclared(link: Link): boolean;
  /** Names of the same kind that could have been meant. */
  suggestion(link: Link): string | undefined;
}

const cache = new WeakMap<Workspace, Names>();

export function namesOf(workspace: Workspace): Names {
  let names = cache.get(workspace);
  if (names === undefined) {
    names = findNames(workspace);
    cache.set(workspace, names);
  }
  return names;
}

/** A name that something fills in later: Flux's `${…}`, a ResourceSet's `<< … >>`. */
export function isTemplated(name: string): boolean {
  return name.includes('${') || name.includes('<<');
}

function findNames(workspace: Workspace): Names {
  const roles = rolesOf(workspace);
  const byKind = new Map<string, WorkspaceObject[]>();
  for (const object of workspace.objects) {
    const same = byKind.get(object.id.kind);
    if (same === undefined) byKind.set(object.id.kind, [object]);
    else same.push(object);
  }
  const namespaces = new Map<string, ReadonlySet<string | undefined>>();
  const targetNamespaces = targetNamespacesOf(workspace);
  const affixes = roles.kustomizations.flatMap(({ root }) => {
    const prefix = text(get(root, 'namePrefix')) ?? '';
    const suffix = text(get(root, 'nameSuffix')) ?? '';
    return prefix === '' && suffix === '' ? [] : [{ prefix, suffix }];
  });
  const generated = generatedNames(workspace);

  const namespacesOf = (path: string): ReadonlySet<string | undefined> => {
    const known = namespaces.get(path);
    if (known !== undefined) return known;
    namespaces.set(path, new Set([undefined])); // While it is being found: circles end here.
    const found = new Set<string | undefined>();
    for (const { by, as } of roles.namedBy(path)) {
      if (as.use !== 'resource' && as.use !== 'component') continue;
      const own = text(get(by.root, 'namespace'));
      for (const outer of namespacesOf(by.folder)) found.add(outer ?? own);
    }
    if (found.size === 0) found.add(undefined);
    for (const namespace of targetNamespaces.get(path) ?? []) found.add(namespace);
    namespaces.set(path, found);
    return found;
  };

  const finalNamespaces = (object: WorkspaceObject): readonly string[] =>
    [...namespacesOf(object.path)].map((namespace) => namespace ?? object.id.namespace);

  const fitsName = (declared: string, wanted: string): boolean => {
    const final = [declared, ...affixes.map(({ prefix, suffix }) => `${prefix}${declared}${suffix}`)];
    return final.some((name) => (isTemplated(name) ? patternOf(name).test(wanted) : name === wanted));
  };

  const candidates = ({ reference }: Link): readonly WorkspaceObject[] =>
    (byKind.get(reference.kind) ?? []).filter(
      ({ id }) => reference.group === undefined || id.group === reference.group,
    );

  return {
    namespacesOf,
    isDeclared(link) {
      const { from, reference } = link;
      if (reference.name === '*' || isTemplated(reference.name) || isTemplated(reference.namespace ?? '')) return true;
      const wanted = reference.namespace === undefined ? finalNamespaces(from) : [reference.namespace];
      const fits = (namespace: string): boolean =>
        namespace === '' ||
        isTemplated(namespace) ||
        wanted.some((each) => each === '' || each === namespace || isTemplated(each));
      const declared = candidates(link).some(
        (object) => fitsName(object.id.name, reference.name) && finalNamespaces(object).some(fits),
      );
      return declared || [...(generated.get(reference.kind) ?? [])].some((name) => fitsName(name, reference.name));
    },
    suggestion(link) {
      const all = new Set(candidates(link).map((object) => object.id.name));
      return all.has(link.reference.name) ? undefined : nearest(link.reference.name, all);
    },
  };
}

/** `app-${ENV}` as the expression that its results match. */
function patternOf(template: string): RegExp {
  const parts = template.split(/\$\{[^}]*\}|<<.*?>>/);
  return new RegExp(`^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`);
}

/** File → the target namespaces of the Flux Kustomizations that take it in. */
function targetNamespacesOf(workspace: Workspace): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const object of workspace.objects) {
    if (object.flux !== flux.kustomization) continue;
    const namespace = flux.kustomization.view(object.node).targetNamespace?.value;
    if (namespace === undefined) continue;
    for (const path of workspace.contents(object)) {
      const set = found.get(path) ?? new Set();
      set.add(namespace);
      found.set(path, set);
    }
  }
  return found;
}

/** Kind → names of objects that no file declares as such: generators', and those that other objects make. */
function generatedNames(workspace: Workspace): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const add = (kind: string, name: string | undefined): void => {
    if (name === undefined) return;
    const names = found.get(kind) ?? new Set();
    names.add(name);
    found.set(kind, names);
  };
  for (const { root } of rolesOf(workspace).kustomizations) {
    for (const item of itemsOf(get(root, 'configMapGenerator'))) add('ConfigMap', text(get(item, 'name')));
    for (const item of itemsOf(get(root, 'secretGenerator'))) add('Secret', text(get(item, 'name')));
  }
  for (const { id, node } of workspace.objects) {
    const spec = get(node, 'spec');
    // Operators that make a Secret: of the same name, or of the one that their target says.
    const makesSecret = id.kind === 'ExternalSecret' || id.kind === 'SealedSecret' || id.kind === 'Certificate';
    if (makesSecret) {
      add('Secret', id.name);
      add('Secret', text(get(get(spec, 'target'), 'name')) ?? text(get(spec, 'secretName')));
    }
    if (id.kind === 'ArtifactGenerator') {
      for (const item of itemsOf(get(spec, 'artifacts'))) add('ExternalArtifact', text(get(item, 'name')));
      // With a path pattern, one artifact is made for each folder that fits.
      if (text(get(spec, 'pathPattern')) !== undefined) add('ExternalArtifact', '<<any>>');
    }
    if (id.kind !== 'ResourceSet') continue;
    for (const item of itemsOf(get(spec, 'resources'))) add(text(get(item, 'kind')) ?? '', nameIn(item));
    for (const [, kind, name] of (text(get(spec, 'resourcesTemplate')) ?? '').matchAll(templatedObject))
      add(kind!, name);
  }
  return found;
}

const templatedObject = /^kind:\s*(\w+)[\s\S]*?^\s+name:\s*(\S+)/gm;

function nameIn(object: Node): string | undefined {
  return text(get(get(object, 'metadata'), 'name'));
}

/** The targets in the same cluster directory as the referring object, where there are any: names repeat across clusters. */
export function inSameCluster(workspace: Workspace, { from, targets }: Link): readonly WorkspaceObject[] {
  return inClusterOf(workspace, from, targets);
}

/** Those objects that are in the same cluster directory as this one, where there are any, else those of none. */
export function inClusterOf(
  workspace: Workspace,
  { path }: WorkspaceObject,
  objects: readonly WorkspaceObject[],
): readonly WorkspaceObject[] {
  const home = workspace.clusters.find(({ folder }) => path.startsWith(`${folder}/`));
  if (home === undefined) return objects;
  const isHome = (object: WorkspaceObject): boolean => object.path.startsWith(`${home.folder}/`);
  const isOther = (object: WorkspaceObject): boolean =>
    !isHome(object) && workspace.clusters.some(({ folder }) => object.path.startsWith(`${folder}/`));
  const near = objects.filter(isHome);
  return near.length > 0 ? near : objects.filter((object) => !isOther(object));
}
