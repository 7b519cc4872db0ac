/**
 * What is sent for a rendered object: kustomize-controller's last steps before the apply. Owner labels, then the typed
 * round trip's visible effects on built-in kinds (Secret.stringData into data, TCP as the ports' protocol, no status,
 * no creation time), then commonMetadata, which wins over everything. Done again on an object that has all this already,
 * it changes nothing.
 */

import type { LiveObject, ServedKind } from '../ports.ts';
import { helmManager } from '../release/index.ts';
import type { DesiredObject, Owner, ReleaseContent } from '../render/desired.ts';
import { isObject, type JsonObject, stringAt } from '../status/fields.ts';
import type { Mapping } from '../yaml/node.ts';
import { type Json, toJson } from '../yaml/resolve.ts';
import type { OwnerSpec } from './owner.ts';
import type { ReleaseSpec } from './releasespec.ts';
import { encodeBase64 } from './text.ts';

export interface Payload {
  readonly object: LiveObject;
  readonly manager: string;
  /** Values that came from Secrets into an object of another kind: no message about it may hold them. */
  readonly secretValues: readonly string[];
}

export const kustomizeManager = 'kustomize-controller';

/** Payloads by rendered node, with what else they were made from: a node that a render kept needs no new one. */
const made = new WeakMap<Mapping, { readonly from: string; readonly payload: Payload }>();

export function payloadFor(object: DesiredObject, owner: Owner, spec: OwnerSpec, served: ServedKind): Payload {
  const { kind, labels, annotations, targetNamespace, release } = spec;
  const from = JSON.stringify([
    owner.id,
    kind,
    release?.name,
    object.beside,
    labels,
    annotations,
    targetNamespace,
    served.namespaced,
    object.secretValues,
  ]);
  const known = made.get(object.node);
  if (known?.from === from) return known.payload;
  const payload = makePayload(object, owner, spec, served);
  made.set(object.node, { from, payload });
  return payload;
}

function makePayload(object: DesiredObject, owner: Owner, spec: OwnerSpec, served: ServedKind): Payload {
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
  if (!isRole(out)) out = normalize(out);
  // Of a release, the render has them in its manifest already, and definitions from crds/ do not get them.
  if (object.beside !== true) {
    out = withStrings(out, 'labels', spec.labels);
    out = withStrings(out, 'annotations', spec.annotations);
  }
  // Helm's own marks, by which it knows whose an object is; definitions from crds/ are nobody's.
  if (spec.release !== undefined && object.beside !== true) out = ownedBy(out, spec.release);
  const manager = spec.kind === 'HelmRelease' ? helmManager : kustomizeManager;
  return { object: out, manager, secretValues: object.secretValues ?? [] };
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

/** Flux leaves Roles and ClusterRoles as they are: the round trip would reset their rules. */
function isRole(object: Json): boolean {
  return (
    stringAt(object, 'apiVersion') === 'rbac.authorization.k8s.io/v1' &&
    ['Role', 'ClusterRole'].includes(stringAt(object, 'kind'))
  );
}

function normalize(object: JsonObject): JsonObject {
  const kind = `${stringAt(object, 'apiVersion')}/${stringAt(object, 'kind')}`;
  let out = object;
  if (isObject(out.metadata) && out.metadata.creationTimestamp !== undefined) {
    const { creationTimestamp: _time, ...metadata } = out.metadata;
    out = { ...out, metadata };
  }
  if (kind === 'v1/Secret') out = plainToData(out);
  if (kind === 'v1/Service') out = edit(out, ['spec', 'ports'], withProtocols);
  const pods = podSpecs[kind];
  if (pods !== undefined) {
    out = edit(out, [...pods, 'containers'], (list) => {
      if (!Array.isArray(list)) return list;
      return list.map((container) => (isObject(container) ? edit(container, ['ports'], withProtocols) : container));
    });
  }
  if (stringAt(out, 'kind') !== 'CustomResourceDefinition' && out.status !== undefined) {
    const { status: _status, ...rest } = out;
    out = rest;
  }
  return out;
}

/** Where each workload kind keeps its pod. */
const podSpecs: Readonly<Record<string, readonly string[]>> = {
  'v1/Pod': ['spec'],
  'apps/v1/Deployment': ['spec', 'template', 'spec'],
  'apps/v1/StatefulSet': ['spec', 'template', 'spec'],
  'apps/v1/DaemonSet': ['spec', 'template', 'spec'],
  'apps/v1/ReplicaSet': ['spec', 'template', 'spec'],
  'batch/v1/Job': ['spec', 'template', 'spec'],
  'batch/v1/CronJob': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

function withProtocols(ports: Json): Json {
  if (!Array.isArray(ports)) return ports;
  return ports.map((port) =>
    isObject(port) && (port.protocol === undefined || port.protocol === '') ? { ...port, protocol: 'TCP' } : port,
  );
}

/** A copy with the value at `path` edited; the same object when there is nothing at it. */
function edit(object: JsonObject, path: readonly string[], change: (value: Json) => Json): JsonObject {
  const [key, ...rest] = path as [string, ...string[]];
  const value = object[key];
  if (value === undefined) return object;
  if (rest.length === 0) return { ...object, [key]: change(value) };
  return isObject(value) ? { ...object, [key]: edit(value, rest, change) } : object;
}

function plainToData(secret: JsonObject): JsonObject {
  const { stringData, ...rest } = secret;
  if (stringData === undefined) return secret;
  if (!isObject(stringData) || !Object.values(stringData).every((value) => typeof value === 'string')) return secret;
  const data: Record<string, Json> = { ...(isObject(secret.data) ? secret.data : {}) };
  for (const [key, value] of Object.entries(stringData)) data[key] = encodeBase64(value as string);
  return Object.keys(data).length === 0 ? rest : { ...rest, data };
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
