/**
 * The values that an owner takes from Secrets, as the cluster has them now: they are in its live objects, also where the
 * workspace no longer puts them, and are masked there.
 */
import type { ObjectId } from '../objects/object.ts';
import type { LiveObject } from '../ports.ts';
import { isObject, listAt, stringAt, stringsAt } from '../status/fields.ts';
import { parse } from '../yaml/parse.ts';
import { type Json, toJson } from '../yaml/resolve.ts';
import { isHelmRelease, isKustomization } from './owner.ts';
import type { Requests } from './requests.ts';
import { decodeBase64 } from './text.ts';

/** Shorter ones would mask half of every text. */
const shortest = 4;

/** What cannot be read is left out: then nobody here knows what to look for. */
export async function secretValuesOf(
  requests: Pick<Requests, 'get'>,
  owner: ObjectId,
  specs: readonly (Json | undefined)[],
): Promise<readonly string[]> {
  const references = specs.flatMap((spec) => referencesIn(owner, spec));
  const names = [...new Set(references.map(({ name }) => name))].sort();
  const read = await Promise.all(
    names.map((name) => requests.get({ apiVersion: 'v1', kind: 'Secret', namespace: owner.namespace, name })),
  );
  const values = new Set<string>();
  for (const [index, answer] of read.entries()) {
    if (!answer.ok) continue;
    for (const one of references.filter(({ name }) => name === names[index])) collect(one, answer.value, values);
  }
  return [...values].filter((value) => value.length >= shortest && !/^(true|false|null)$/i.test(value));
}

/** What the owners that a live object names took from Secrets: it may stand anywhere in the object. */
export async function secretsBehind(get: Requests['get'], object: LiveObject): Promise<readonly string[]> {
  const labels = stringsAt(object, 'metadata', 'labels');
  const values = await Promise.all(
    Object.entries(ownersByLabel).map(async ([prefix, { apiVersion, kind }]) => {
      const [name, namespace] = [labels[`${prefix}/name`], labels[`${prefix}/namespace`]];
      if (name === undefined || namespace === undefined) return [];
      const owner = await get({ apiVersion, kind, namespace, name });
      const id = { group: prefix, version: '', kind, namespace, name };
      return owner.ok ? secretValuesOf({ get }, id, [owner.value]) : [];
    }),
  );
  return values.flat();
}

/** The prefix of the two labels that each kind of owner leaves, which is its group. */
const ownersByLabel: Readonly<Record<string, { readonly apiVersion: string; readonly kind: string }>> = {
  'kustomize.toolkit.fluxcd.io': { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' },
  'helm.toolkit.fluxcd.io': { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease' },
};

interface Reference {
  readonly name: string;
  /** The key whose text is a document of values; absent where every key is a value by itself. */
  readonly document?: string;
}

function referencesIn(owner: ObjectId, object: Json | undefined): readonly Reference[] {
  const secrets = (list: readonly Json[]) => list.filter((one) => stringAt(one, 'kind') === 'Secret');
  if (isKustomization(owner)) {
    return secrets(listAt(object, 'spec', 'postBuild', 'substituteFrom')).map((one) => ({
      name: stringAt(one, 'name'),
    }));
  }
  if (!isHelmRelease(owner)) return [];
  return secrets(listAt(object, 'spec', 'valuesFrom')).map((one) => ({
    name: stringAt(one, 'name'),
    document: stringAt(one, 'valuesKey') || 'values.yaml',
  }));
}

function collect({ document }: Reference, secret: LiveObject, into: Set<string>): void {
  for (const [key, value] of Object.entries(stringsAt(secret, 'data'))) {
    if (document !== undefined && key !== document) continue;
    const text = decodeBase64(value) ?? '';
    if (document === undefined) into.add(text.replaceAll('\n', ''));
    else scalars(text, into);
  }
}

function scalars(text: string, into: Set<string>): void {
  const root = parse(text, '').documents[0]?.root;
  const walk = (value: Json): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (isObject(value)) Object.values(value).forEach(walk);
    else if (value !== null) into.add(String(value));
  };
  if (root !== undefined) walk(toJson(root, 'sigs'));
}
