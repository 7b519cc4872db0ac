/** A rendered object on its way to a question: what would be sent for it, or why nothing can be asked. */
import { type ObjectId, titleOf } from '../objects/object.ts';
import type { GoTypes, ObjectRef, ServedKind } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import type { DesiredObject, DesiredSet } from '../render/desired.ts';
import { at, stringAt } from '../status/fields.ts';
import { failureProblem } from './failures.ts';
import type { LiveOwner } from './liveowner.ts';
import { mask } from './mask.ts';
import { isHelmRelease, jsonOf } from './owner.ts';
import { type Payload, payloadFor, remember } from './payload.ts';
import type { PlanEntry } from './plan.ts';
import type { Requests } from './requests.ts';

/** An object on its way to a question: what is sent for it, or why nothing can be. */
export type Prepared =
  | { readonly object: DesiredObject; readonly payload: Payload; readonly ref: ObjectRef; readonly served: ServedKind }
  | { readonly object: DesiredObject; readonly entry: PlanEntry; readonly problem?: Problem };

/** What the plan itself brings into being: namespaces, and kinds by `group/Kind`. */
export interface Created {
  readonly namespaces: ReadonlySet<string>;
  readonly kinds: ReadonlyMap<string, { readonly definition: ObjectId; readonly namespaced: boolean }>;
}

export function createdBy(wanted: readonly DesiredSet[]): Created {
  const namespaces = new Set<string>();
  const kinds = new Map<string, { readonly definition: ObjectId; readonly namespaced: boolean }>();
  for (const { id, node } of wanted.flatMap((set) => [...set.objects])) {
    if (id.kind === 'Namespace' && id.group === '') namespaces.add(id.name);
    if (isHelmRelease(id) && at(jsonOf(node), 'spec', 'install', 'createNamespace') === true) {
      namespaces.add(stringAt(jsonOf(node), 'spec', 'targetNamespace') || id.namespace);
    }
    if (id.kind !== 'CustomResourceDefinition') continue;
    const definition = jsonOf(node);
    kinds.set(`${stringAt(definition, 'spec', 'group')}/${stringAt(definition, 'spec', 'names', 'kind')}`, {
      definition: id,
      namespaced: stringAt(definition, 'spec', 'scope') !== 'Cluster',
    });
  }
  return { namespaces, kinds };
}

export async function prepare(
  requests: Requests,
  object: DesiredObject,
  owner: LiveOwner,
  created: Created,
): Promise<Prepared> {
  const { id } = object;
  const unknown = (reason: string, problem?: Problem): Prepared => {
    const entry: PlanEntry = { id, action: 'unknown', reason, changes: [], at: object.node.at };
    return problem === undefined ? { object, entry } : { object, entry, problem };
  };
  const served = await requests.served(id.group, id.kind, id.version);
  if (!served.ok) return unknown(served.failure.message, failureProblem(served.failure));
  const apiVersion = id.group === '' ? id.version : `${id.group}/${id.version}`;
  const kind = served.value;
  if (kind === undefined || kind.version !== id.version) {
    const coming = created.kinds.get(`${id.group}/${id.kind}`);
    if (coming !== undefined) return awaiting(object, owner, coming, requests.cluster.goTypes());
    const instead = kind === undefined ? '' : `; it serves ${id.group}/${kind.version}`;
    const message = `${requests.cluster.context} (${requests.cluster.server}) does not know ${id.kind} in ${apiVersion}${instead}`;
    return unknown(message, error('cluster-unknown-kind', message, object.node.at));
  }
  const taken = { served: kind, types: requests.cluster.goTypes() };
  const payload = payloadFor(object, owner.owner, owner.spec, taken);
  const namespace = stringAt(payload.object, 'metadata', 'namespace');
  if (kind.namespaced && namespace === '') {
    const message = `${titleOf(id)} names no namespace: Flux refuses it`;
    return unknown(message, error('cluster-rejected', message, object.node.at));
  }
  return {
    object: { ...object, id: { ...id, namespace } },
    payload,
    ref: { apiVersion, kind: id.kind, namespace, name: id.name },
    served: kind,
  };
}

/** An object of a kind that this plan itself brings: it cannot be asked about before the kind is there. */
function awaiting(
  object: DesiredObject,
  owner: LiveOwner,
  coming: { readonly definition: ObjectId; readonly namespaced: boolean },
  types: GoTypes,
): Prepared {
  const { id } = object;
  const served = { group: id.group, version: id.version, kind: id.kind, plural: '', namespaced: coming.namespaced };
  const payload = payloadFor(object, owner.owner, owner.spec, { served, types });
  const namespace = stringAt(payload.object, 'metadata', 'namespace');
  const entry: PlanEntry = {
    id: { ...id, namespace },
    action: 'unknown',
    reason: `its kind is created by this plan (${titleOf(coming.definition)})`,
    ...mask(undefined, payload.object, { now: object.secretValues ?? [] }),
    changes: [],
    at: object.node.at,
    awaits: coming.definition,
    estimated: true,
  };
  return { object: { ...object, id: entry.id }, entry: remember(entry, payload) };
}
