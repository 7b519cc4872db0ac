/**
 * What is sent for a rendered object: kustomize-controller's last steps before the apply. Owner labels, then the typed
 * round trip with what Flux sets on it (Secret.stringData into data, TCP as the ports' protocol, no status, no creation
 * time), then commonMetadata, which wins over everything. Done again on an object that has all this already, it changes
 * nothing.
 */

import { titleOf } from '../objects/object.ts';
import type { GoTypes, LiveObject, ServedKind } from '../ports.ts';
import type { Problem } from '../problem.ts';
import { helmManager } from '../release/index.ts';
import type { DesiredObject, Owner, ReleaseContent } from '../render/desired.ts';
import { isObject, type JsonObject, stringAt } from '../status/fields.ts';
import { getPath, type Mapping, type Origin } from '../yaml/node.ts';
import { toJson } from '../yaml/resolve.ts';
import { type Path, pathText } from './changes.ts';
import { normalize, noTypes } from './normalize.ts';
import type { OwnerSpec } from './owner.ts';
import type { ReleaseSpec } from './releasespec.ts';
import type { RoundTrip } from './roundtrip.ts';
import { isEncrypted } from './sops.ts';

export interface Payload {
  readonly object: LiveObject;
  readonly manager: string;
  /** Values that came from Secrets into an object of another kind: no message about it may hold them. */
  readonly secretValues: readonly string[];
  /** The object before the typed round trip: what it says itself. */
  readonly rendered: LiveObject;
  /** Fields of the rendered object that its kind does not have: Flux leaves them out without a word. */
  readonly leftOut: readonly Path[];
}

export const kustomizeManager = 'kustomize-controller';

/** Payloads by rendered node, with what else they were made from: a node that a render kept needs no new one. */
const made = new WeakMap<Mapping, { readonly from: string; readonly payload: Payload }>();

/** How the cluster takes the object: its kind as served, and the structs that Flux knows. */
export interface Taken {
  readonly served: ServedKind;
  readonly types: GoTypes;
}

export function payloadFor(object: DesiredObject, owner: Owner, spec: OwnerSpec, taken: Taken): Payload {
  const { kind, labels, annotations, targetNamespace, release } = spec;
  const from = JSON.stringify([
    owner.id,
    kind,
    release?.name,
    object.beside,
    labels,
    annotations,
    targetNamespace,
    taken.served.namespaced,
    object.secretValues,
  ]);
  const known = made.get(object.node);
  if (known?.from === from) return known.payload;
  const payload = makePayload(object, owner, spec, taken);
  made.set(object.node, { from, payload });
  return payload;
}

function makePayload(object: DesiredObject, owner: Owner, spec: OwnerSpec, { served, types }: Taken): Payload {
  let out = toJson(object.node, 'sigs') as JsonObject;
  if (!served.namespaced) out = withoutNamespace(out);
  else if (stringAt(out, 'metadata', 'namespace') === '' && spec.kind === 'HelmRelease') {
    out = withMetadata(out, { namespace: spec.targetNamespace || owner.id.namespace });
  }
  if (spec.kind !== 'other') {
    out = withStrings(out, 'labels', {
      [`${owner.id.group}/name`]: owner.id.name,
      [`${owner.id.group}/namespace`]: owner.id.namespace,
    });
  }
  const rendered = out;
  // Helm sends what the chart renders as it is; what follows only reads better.
  const normal = normalizeOpen(out, spec.kind === 'HelmRelease' ? noTypes : types);
  out = normal.object as JsonObject;
  // Of a release, the render has them in its manifest already, and definitions from crds/ do not get them.
  if (object.beside !== true) {
    out = withStrings(out, 'labels', spec.labels);
    out = withStrings(out, 'annotations', spec.annotations);
  }
  // Helm's own marks, by which it knows whose an object is; definitions from crds/ are nobody's.
  if (spec.release !== undefined && object.beside !== true) out = ownedBy(out, spec.release);
  const manager = spec.kind === 'HelmRelease' ? helmManager : kustomizeManager;
  return { object: out, manager, secretValues: object.secretValues ?? [], rendered, leftOut: normal.leftOut };
}

/** Flux opens what SOPS closed before it normalizes it: here the marks of what could not be opened stay on it. */
function normalizeOpen(object: JsonObject, types: GoTypes): RoundTrip {
  if (!isEncrypted(object) || object.sops === undefined) return normalize(object, types);
  const { sops, ...rest } = object;
  const back = normalize(rest, types);
  return { ...back, object: { ...back.object, sops } };
}

export function ownedBy(object: JsonObject, { name, namespace }: Pick<ReleaseSpec, 'name' | 'namespace'>): JsonObject {
  const marks = { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': namespace };
  return withStrings(withStrings(object, 'labels', { 'app.kubernetes.io/managed-by': 'Helm' }), 'annotations', marks);
}

function withMetadata(object: JsonObject, fields: JsonObject): JsonObject {
  return { ...object, metadata: { ...(isObject(object.metadata) ? object.metadata : {}), ...fields } };
}

function withStrings(object: JsonObject, place: 'labels' | 'annotations', values: Readonly<Record<string, string>>) {
  if (Object.keys(values).length === 0) return object;
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const old = isObject(metadata[place]) ? (metadata[place] as JsonObject) : {};
  return { ...object, metadata: { ...metadata, [place]: { ...old, ...values } } };
}

function withoutNamespace(object: JsonObject): JsonObject {
  if (!isObject(object.metadata) || object.metadata.namespace === undefined) return object;
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** What Flux leaves out in silence, told at its line. */
export function leftOutProblems({ id, node }: DesiredObject, { leftOut }: Payload): readonly Problem[] {
  return leftOut.map((path): Problem => {
    const message = `Flux leaves out ${pathText(path)} of ${titleOf(id)}: ${id.kind} has no such field`;
    return { code: 'schema-unknown-field', severity: 'warning', message, at: lineOf(node, path) };
  });
}

/** Where a field's name stands. */
function lineOf(node: Mapping, path: Path): Origin {
  const around = getPath(node, path.slice(0, -1));
  const entry = around?.kind === 'mapping' ? around.entries.find(({ key }) => key.text === path.at(-1)) : undefined;
  return (entry?.key ?? around ?? node).at;
}

/** Payloads stay out of the plan's own data: they hold secrets in the clear, and a plan is shown, sent and stored. */
const payloads = new WeakMap<object, Payload>();

export function remember<T extends object>(entry: T, payload: Payload): T {
  payloads.set(entry, payload);
  return entry;
}

/** What an apply sends for an entry of a live plan; undefined for one that was copied, or that sends nothing. */
export function payloadOf(entry: object): Payload | undefined {
  return payloads.get(entry);
}

/** What a release's record is made from stays out of the plan for the same reason; by the spec of its group. */
const contents = new WeakMap<OwnerSpec, ReleaseContent>();

export function rememberRelease(spec: OwnerSpec, content: ReleaseContent): void {
  contents.set(spec, content);
}

export function releaseOf(spec: OwnerSpec | undefined): ReleaseContent | undefined {
  return spec === undefined ? undefined : contents.get(spec);
}
