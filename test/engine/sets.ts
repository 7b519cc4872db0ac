/** Desired sets and live objects from YAML texts: how the tests of plan and apply write a fleet. */

import { idOf, isObject } from '../../src/engine/objects/object.ts';
import type { LiveObject } from '../../src/engine/ports.ts';
import type { DesiredSet } from '../../src/engine/render/desired.ts';
import type { Mapping } from '../../src/engine/yaml/node.ts';
import { parse } from '../../src/engine/yaml/parse.ts';
import { toJson } from '../../src/engine/yaml/resolve.ts';

/** The objects of a YAML text, with origins in a file of that name. */
export function nodes(yaml: string, file = 'apps.yaml'): readonly Mapping[] {
  return parse(yaml, file).documents.flatMap((document) => (isObject(document.root) ? [document.root] : []));
}

export function live(yaml: string): readonly LiveObject[] {
  return nodes(yaml).map((node) => toJson(node, 'sigs') as LiveObject);
}

/** A set of the Kustomization `flux-system/<name>` with the objects of a YAML text. */
export function set(
  name: string,
  yaml: string,
  over: Partial<DesiredSet> & { readonly secrets?: readonly string[] } = {},
): DesiredSet {
  const { secrets, ...rest } = over;
  const objects = nodes(yaml, `${name}.yaml`).map((node) => ({
    id: idOf(node),
    node,
    ...(secrets === undefined ? {} : { secretValues: secrets }),
  }));
  const id = {
    group: 'kustomize.toolkit.fluxcd.io',
    version: 'v1',
    kind: 'Kustomization',
    namespace: 'flux-system',
    name,
  };
  const at = { file: `${name}.yaml`, start: 0, end: 0 };
  return { owner: { id, at }, objects, complete: true, problems: [], reads: new Set([`${name}.yaml`]), ...rest };
}

/** A live Kustomization with what it applied in its inventory, as kustomize-controller leaves it. */
export function kustomization(name: string, inventory: readonly string[] = [], spec = 'prune: true'): string {
  const entries = inventory.map((id) => `    - { id: ${id}, v: v1 }`).join('\n');
  return `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${name}
  namespace: flux-system
  finalizers: [finalizers.fluxcd.io]
  labels: { kustomize.toolkit.fluxcd.io/name: flux-system, kustomize.toolkit.fluxcd.io/namespace: flux-system }
spec:
  ${spec.replaceAll('\n', '\n  ')}
status:
  lastAppliedRevision: main@sha1:abc
  inventory:
    entries:${entries === '' ? ' []' : `\n${entries}`}
`;
}

/** The label lines that say that the Kustomization `flux-system/<name>` owns an object. */
export function owned(name: string): string {
  return `{ kustomize.toolkit.fluxcd.io/name: ${name}, kustomize.toolkit.fluxcd.io/namespace: flux-system }`;
}
