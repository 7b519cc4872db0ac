/** The objects of a stored manifest as they stand in the cluster, and what Helm does with them apart from a plan. */
import { idOf, keyOf, titleOf } from '../../objects/object.ts';
import { ownedBy } from '../../plan/payload.ts';
import { helmManager, objectsIn } from '../../release/index.ts';
import { isObject, type JsonObject, stringAt, stringsAt } from '../../status/fields.ts';
import type { Mapping } from '../../yaml/node.ts';
import { toJson } from '../../yaml/resolve.ts';
import { inCluster } from '../site.ts';
import { sending } from '../turn.ts';
import type { Awaited } from '../wait.ts';
import { clean, type Operation, stopReason } from './operation.ts';
import { waitUntilGone } from './wait.ts';

export interface Placed {
  readonly object: JsonObject;
  readonly awaited: Awaited;
}

/** In the order of the manifest. */
export function placedIn(operation: Operation, manifest: string): Promise<readonly Placed[]> {
  return Promise.all(objectsIn(manifest).map((node) => placed(operation, node)));
}

/** An object without a namespace is the release's, unless its kind has none. */
async function placed({ state, turn, spec }: Operation, node: Mapping): Promise<Placed> {
  const id = idOf(node);
  const json = toJson(node, 'sigs') as JsonObject;
  const served = await turn.site.cluster.served(id.group, id.kind, id.version, state.options.signal);
  const clustered = served.ok && served.value?.namespaced === false;
  const namespace = clustered ? '' : id.namespace || spec.namespace;
  const metadata = isObject(json.metadata) ? json.metadata : {};
  const object = clustered ? json : { ...json, metadata: { ...metadata, namespace } };
  const ref = { apiVersion: stringAt(json, 'apiVersion'), kind: id.kind, namespace, name: id.name };
  return { object, awaited: { id: { ...id, namespace }, ref, goesAway: false } };
}

/** Writes objects of a release one after another; undefined, or what failed. */
export async function writeBack(
  operation: Operation,
  objects: readonly Placed[],
  message: string,
): Promise<string | undefined> {
  const { state, turn, spec } = operation;
  for (const { object, awaited } of objects) {
    const stop = stopReason(state, turn);
    if (stop !== undefined) return stop;
    sending(state, turn, awaited.id);
    const options = { manager: helmManager, force: true, dryRun: false };
    const answer = await turn.site.cluster.apply(ownedBy(object, spec), options, state.options.signal);
    if (!answer.ok) return clean(operation, `${titleOf(awaited.id)}: ${answer.failure.message}`);
    tell(operation, awaited, 'applied', message);
  }
  return undefined;
}

/** Deletes objects of a release, but for those that say that they stay; undefined, or what failed. */
export async function takeAway(
  operation: Operation,
  objects: readonly Placed[],
  message: string,
): Promise<string | undefined> {
  const { state, turn, action } = operation;
  const going = objects.filter(({ object }) => !stays(object));
  for (const { awaited } of going) {
    const stop = stopReason(state, turn);
    if (stop !== undefined) return stop;
    sending(state, turn, awaited.id);
    const answer = await turn.site.cluster.delete(
      awaited.ref,
      { propagation: action.propagation },
      state.options.signal,
    );
    if (!answer.ok && answer.failure.reason !== 'not-found')
      return clean(operation, `${titleOf(awaited.id)}: ${answer.failure.message}`);
    tell(operation, awaited, answer.ok ? 'deleted' : 'gone', message);
  }
  if (!action.wait) return undefined;
  const { timer } = state.options;
  const until = timer.now() + action.timeout;
  for (const { awaited } of going) {
    const held = await waitUntilGone(turn.site.cluster, state, awaited, Math.max(0, until - timer.now()));
    if (held !== undefined) return held;
  }
  return undefined;
}

export function without(objects: readonly Placed[], others: readonly Placed[]): readonly Placed[] {
  const there = new Set(others.map(({ awaited }) => keyOf(awaited.id)));
  return objects.filter(({ awaited }) => !there.has(keyOf(awaited.id)));
}

/** It says itself that it stays when its release goes. */
export function stays(object: JsonObject): boolean {
  return stringsAt(object, 'metadata', 'annotations')['helm.sh/resource-policy'] === 'keep';
}

function tell({ state, turn }: Operation, { id }: Awaited, outcome: 'applied' | 'deleted' | 'gone', message: string) {
  state.tell({ type: 'object', owner: turn.group.owner.id, id, outcome, message, ...inCluster(turn.site) });
}
