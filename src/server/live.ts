/** Reading live objects: JSON as the API server sent it, of which nothing may be taken for granted. */
import { type Json, type LiveObject, mask } from '../engine/index.ts';
import type { ObjectName } from '../protocol/index.ts';

/** Set by an apply on the owners that it suspends: when, by whom and why. A resume takes it away. */
export const suspendedAnnotation = 'sluice/suspended';
/** The same of what somebody suspended on purpose. */
export const byHandAnnotation = 'sluice/suspended-by-hand';

/** The value at a path of keys; undefined when anything on the way is not a mapping. */
export function at(object: Json | undefined, ...path: readonly string[]): Json | undefined {
  let value: Json | undefined = object;
  for (const key of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || !Object.hasOwn(value, key))
      return undefined;
    value = (value as { readonly [key: string]: Json })[key];
  }
  return value;
}

export function textAt(object: Json | undefined, ...path: readonly string[]): string {
  const value = at(object, ...path);
  return typeof value === 'string' ? value : '';
}

export function listAt(object: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const value = at(object, ...path);
  return Array.isArray(value) ? value : [];
}

export function nameOf(object: LiveObject): { readonly namespace: string; readonly name: string } {
  return { namespace: textAt(object, 'metadata', 'namespace'), name: textAt(object, 'metadata', 'name') };
}

/** `Kustomization.kustomize.toolkit.fluxcd.io/flux-system/apps`, without the version. */
export function objectKey(group: string, kind: string, namespace: string, name: string): string {
  return `${kind}${group === '' ? '' : `.${group}`}/${namespace}/${name}`;
}

export function keyOfName(object: ObjectName): string {
  return objectKey(groupOf(object.apiVersion), object.kind, object.namespace, object.name);
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** What a person reads: `Kustomization flux-system/apps`. */
export function titleOfName(object: ObjectName): string {
  return `${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}`;
}

/** A live object as it is shown: without a Secret's values, and without those that its owners took from one. */
export function maskLive(object: LiveObject, secrets: readonly string[]): LiveObject {
  const masked = maskSecret(object);
  return masked === object && secrets.length > 0
    ? (mask(object, undefined, { before: secrets }).before as LiveObject)
    : masked;
}

/** A Secret's values never leave the server: what is shown is that they are there. Other objects are as they are. */
export function maskSecret(object: LiveObject): LiveObject {
  if (object.kind !== 'Secret' || groupOf(textAt(object, 'apiVersion')) !== '') return object;
  const masked = Object.entries(object).map(([key, value]) =>
    key === 'data' || key === 'stringData' ? [key, masks(value)] : [key, value],
  );
  const { metadata, ...rest } = Object.fromEntries(masked) as { readonly [key: string]: Json };
  return { ...rest, metadata: withoutCopies(metadata) };
}

function masks(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, '***']));
}

/** kubectl keeps the whole object, values included, in an annotation. */
function withoutCopies(metadata: Json | undefined): Json {
  const annotations = at(metadata, 'annotations');
  if (annotations === undefined || annotations === null || typeof annotations !== 'object') return metadata ?? {};
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...rest } = annotations as {
    readonly [key: string]: Json;
  };
  return { ...(metadata as { readonly [key: string]: Json }), annotations: rest };
}
