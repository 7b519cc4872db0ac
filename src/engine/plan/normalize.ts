/**
 * Flux's `normalize` (fluxcd/pkg/ssa): the typed round trip, and what Flux sets on the object meanwhile (a Secret's
 * stringData into data, TCP as the protocol of ports); last, what only the server writes is taken out.
 */
import type { GoTypes } from '../ports.ts';
import { isObject, type JsonObject, stringAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import { type RoundTrip, roundTrip } from './roundtrip.ts';
import { encodeBase64 } from './text.ts';

export const noTypes: GoTypes = { kinds: {}, types: {} };

export function normalize(object: JsonObject, types: GoTypes): RoundTrip {
  if (isRole(object)) return { object, leftOut: [] };
  const back = roundTrip(object, types);
  if (back === undefined) return { object: withoutServerFields(object), leftOut: [] };
  return { object: withoutServerFields(completed(back.object)), leftOut: back.leftOut };
}

/** Flux leaves Roles and ClusterRoles as they are: the round trip would reset their rules. */
function isRole(object: Json): boolean {
  return (
    stringAt(object, 'apiVersion') === 'rbac.authorization.k8s.io/v1' &&
    ['Role', 'ClusterRole'].includes(stringAt(object, 'kind'))
  );
}

/** What only the server writes. */
function withoutServerFields(object: JsonObject): JsonObject {
  let out = object;
  if (isObject(out.metadata) && out.metadata.creationTimestamp !== undefined) {
    const { creationTimestamp: _time, ...metadata } = out.metadata;
    out = { ...out, metadata };
  }
  if (stringAt(out, 'kind') !== 'CustomResourceDefinition' && out.status !== undefined) {
    const { status: _status, ...rest } = out;
    out = rest;
  }
  return out;
}

/** What Flux sets while the object is in its struct. */
function completed(object: JsonObject): JsonObject {
  const kind = `${stringAt(object, 'apiVersion')}/${stringAt(object, 'kind')}`;
  let out = object;
  if (kind === 'v1/Secret') out = plainToData(out);
  if (kind === 'v1/Service') out = edit(out, ['spec', 'ports'], withProtocols);
  const pods = podSpecs[kind];
  if (pods !== undefined) {
    out = edit(out, [...pods, 'containers'], (list) => {
      if (!Array.isArray(list)) return list;
      return list.map((container) => (isObject(container) ? edit(container, ['ports'], withProtocols) : container));
    });
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
