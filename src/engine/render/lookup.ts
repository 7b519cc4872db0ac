/** Where a render finds what one object asks of another: rendered before, then written in a file, then the cluster. */
import { string } from '../flux/index.ts';
import { idOf } from '../objects/object.ts';
import { isWithin } from '../sources/index.ts';
import type { Workspace, WorkspaceObject } from '../workspace/index.ts';
import type { Mapping } from '../yaml/node.ts';
import type { RenderContext, RendererOptions } from './context.ts';
import type { DesiredObject } from './desired.ts';
import { isEncrypted } from './sops.ts';
import type { InputQuery } from './variables.ts';

export interface RenderState {
  readonly context: RenderContext;
  add(objects: readonly DesiredObject[]): void;
}

/** A fresh state for one cluster; `folder` is its directory, absent when no cluster is meant. */
export function renderState(workspace: Workspace, options: RendererOptions, folder?: string): RenderState {
  const byName = new Map<string, DesiredObject>();
  const byKind = new Map<string, DesiredObject[]>();
  const others = folder === undefined ? [] : workspace.clusters.map((c) => c.folder).filter((f) => f !== folder);
  /** What a file declares, unless it lies in another cluster's directory: its twin there is another object. */
  const declared = (query: { kind: string; namespace: string; name: string }): WorkspaceObject | undefined => {
    const found = workspace.find(query).filter((object) => !others.some((other) => isWithin(object.path, other)));
    return found.find((object) => folder !== undefined && isWithin(object.path, folder)) ?? found[0];
  };
  const rendered = (kind: string, namespace: string, name: string) => byName.get(`${kind}/${namespace}/${name}`);
  return {
    add(objects) {
      for (const object of objects) {
        const { kind, namespace, name } = object.id;
        byName.set(`${kind}/${namespace}/${name}`, object);
        const list = byKind.get(kind);
        if (list === undefined) byKind.set(kind, [object]);
        else list.push(object);
      }
    },
    context: {
      workspace,
      options,
      rendered: (kind) => byKind.get(kind) ?? [],
      source: ({ kind, namespace, name }) =>
        (rendered(kind, namespace, name) ?? declared({ kind, namespace, name }))?.node,
      input(query) {
        const { kind, namespace, name } = query;
        const object = rendered(kind, namespace, name);
        const inFleet = (object ?? declared(query))?.node;
        if (inFleet !== undefined && !isEncrypted(inFleet)) {
          const secretValues = object?.secretValues;
          return { found: inFleet, from: 'fleet', ...(secretValues === undefined ? {} : { secretValues }) };
        }
        const live = options.input?.(query);
        if (live !== undefined) return { found: live, from: 'cluster' };
        if (inFleet !== undefined) return { found: inFleet, from: 'fleet' };
        const producer = producerOf(query, byKind, workspace);
        return producer === undefined ? { found: undefined } : { found: undefined, producer };
      },
    },
  };
}

/** Kinds whose controller makes a Secret or ConfigMap, and where they say its name. */
const producers: Readonly<Record<string, (object: Mapping) => string | undefined>> = {
  ExternalSecret: (object) => string(object, 'spec', 'target', 'name')?.value,
  SealedSecret: (object) => string(object, 'spec', 'template', 'metadata', 'name')?.value,
  ObjectBucketClaim: () => undefined,
  OnePasswordItem: () => undefined,
  InfisicalSecret: (object) => string(object, 'spec', 'managedSecretReference', 'secretName')?.value,
  Certificate: (object) => string(object, 'spec', 'secretName')?.value,
  VaultStaticSecret: (object) => string(object, 'spec', 'destination', 'name')?.value,
};

function producerOf(
  query: InputQuery,
  byKind: ReadonlyMap<string, readonly DesiredObject[]>,
  workspace: Workspace,
): string | undefined {
  for (const [kind, nameIn] of Object.entries(producers)) {
    const candidates = [
      ...(byKind.get(kind) ?? []).map((object) => object.node),
      ...workspace.objects.filter((object) => object.id.kind === kind).map((object) => object.node),
    ];
    for (const node of candidates) {
      const { namespace, name } = idOf(node);
      if (namespace !== '' && namespace !== query.namespace) continue;
      if ((nameIn(node) ?? name) === query.name) return `${kind} ${name}`;
    }
  }
  return undefined;
}
