/**
 * What roots a cluster: the pair of a source and the Kustomization that follows it, as `flux bootstrap` writes it into a
 * file, or as Flux Operator makes it from a FluxInstance, which may itself be the values of the chart that installs one.
 */
import { fluxInstance, helmRelease, kustomization, mapping as mappingAt, string } from '../flux/index.ts';
import type { FileTree } from '../ports.ts';
import { baseName, joinPath, parentOf } from '../sources/index.ts';
import { type Mapping, mapping, type Origin, str } from '../yaml/node.ts';
import type { WorkspaceFile, WorkspaceObject } from './files.ts';
import { followed, named, type Revision } from './revisions.ts';

/** A pair that roots a cluster: a source and the Kustomization that follows it from the cluster's own folder. */
export interface Sync {
  /** `GitRepository/flux-system/flux-system`. */
  readonly source: string;
  readonly url?: string;
  readonly revision?: Revision;
  /** The synced folder, as a path inside the tree. */
  readonly folder: string;
  /** The path inside the tree that is the source's root. */
  readonly root: string;
  /** The file that says so. */
  readonly path: string;
  readonly at: Origin;
  /** The Kustomization object; absent for a FluxInstance, whose Kustomization the operator makes. */
  readonly kustomization?: WorkspaceObject;
  readonly instance?: Mapping;
}

/** Every `gotk-sync.yaml`, and every FluxInstance with a sync. */
export function findSyncs(files: readonly WorkspaceFile[], tree: FileTree): readonly Sync[] {
  const isThere = (sync: Sync) => tree.directory(sync.folder) !== undefined;
  return files.flatMap((file) => [...bootstrapped(file), ...instances(file), ...charted(file).filter(isThere)]);
}

function bootstrapped(file: WorkspaceFile): readonly Sync[] {
  if (!/(^|\/)gotk-sync\.ya?ml$/.test(file.path)) return [];
  return file.objects.flatMap((object): Sync[] => {
    if (object.flux !== kustomization) return [];
    const view = kustomization.view(object.node);
    const { sourceRef } = view;
    if (sourceRef === undefined) return [];
    const source = file.objects.find((o) => o.id.kind === sourceRef.kind && o.id.name === sourceRef.name);
    const url = string(source?.node, 'spec', 'url')?.value;
    const revision = source && followed(source);
    const place = placeOf(file.path, view.path?.value ?? './');
    return [
      {
        source: `${sourceRef.kind}/${sourceRef.namespace ?? object.id.namespace}/${sourceRef.name}`,
        ...(url === undefined ? {} : { url }),
        ...(revision && { revision }),
        ...place,
        path: file.path,
        at: object.node.at,
        kustomization: object,
      },
    ];
  });
}

/** The synced folder, from where the sync is written: the folder above it that ends in the synced path. */
function placeOf(file: string, path: string): { readonly folder: string; readonly root: string } {
  const wanted = joinPath('/', path);
  if (wanted === '/') {
    const folder = baseName(file).startsWith('gotk-sync.') ? parentOf(parentOf(file)) : '/';
    return { folder, root: folder };
  }
  for (let at = parentOf(file); at !== '/'; at = parentOf(at)) {
    if (at.endsWith(wanted)) return { folder: at, root: at.slice(0, at.length - wanted.length) || '/' };
  }
  return { folder: wanted, root: '/' };
}

function instances(file: WorkspaceFile): readonly Sync[] {
  return file.objects.flatMap((object) =>
    object.flux === fluxInstance ? instance(file.path, object.node, object.id.namespace) : [],
  );
}

function instance(path: string, node: Mapping, declared: string): readonly Sync[] {
  const { sync } = fluxInstance.view(node);
  if (sync?.path === undefined) return [];
  const namespace = declared || 'flux-system';
  const url = sync.url?.value;
  return [
    {
      source: `${sync.kind}/${namespace}/${sync.name?.value ?? namespace}`,
      ...(url === undefined ? {} : { url }),
      ...(sync.kind === 'GitRepository' && sync.ref && { revision: named(sync.ref.value) }),
      ...placeOf(path, sync.path.value),
      path,
      at: sync.node.at,
      instance: node,
    },
  ];
}

/** FluxInstances that a chart will make (flux-instance): in the values of a HelmRelease, or in a file of such values. */
function charted(file: WorkspaceFile): readonly Sync[] {
  return file.parsed.documents.flatMap(({ root }) => {
    const object = file.objects.find(({ node }) => node === root);
    if (object !== undefined && object.flux !== helmRelease) return [];
    const view = object && helmRelease.view(object.node);
    const spec = mappingAt(view === undefined ? root : view.values, 'instance');
    if (spec === undefined || string(spec, 'sync', 'url') === undefined) return [];
    const namespace = view?.targetNamespace?.value ?? object?.id.namespace ?? '';
    return instance(file.path, instanceOf(spec, namespace || 'flux-system'), namespace);
  });
}

/** The object that the chart makes of its `instance` values. */
function instanceOf(spec: Mapping, namespace: string): Mapping {
  const { at } = spec;
  const object = (fields: Readonly<Record<string, string | Mapping>>): Mapping =>
    mapping(
      Object.entries(fields).map(([key, value]) => ({
        key: str(key, at),
        value: typeof value === 'string' ? str(value, at) : value,
      })),
      at,
    );
  return object({
    apiVersion: `${fluxInstance.group}/v1`,
    kind: fluxInstance.kind,
    metadata: object({ name: 'flux', namespace }),
    spec,
  });
}
