/**
 * A HelmRelease that is new where helm-controller runs is created suspended: the controller starts as soon as the object
 * is there, and two at work on one release would corrupt it. What is installed here is then what was planned, pushed or
 * not, and the way back is the same as for a release that stood already.
 */
import { isHelmRelease } from '../../plan/owner.ts';
import { payloadOf, remember } from '../../plan/payload.ts';
import type { PlanEntry } from '../../plan/plan.ts';
import { matchesSelector } from '../../plan/selector.ts';
import { at, type JsonObject, listAt, stringsAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import { ownerRef, sluiceManager, suspendedAnnotation, suspensionNote } from '../owner.ts';
import { clusterKey, homeKey, type Site } from '../site.ts';
import { tellSuspended } from '../takeover.ts';
import { keyIn, type Run, type State, type Turn } from '../turn.ts';

/** The HelmReleases that this apply creates and installs, and that a helm-controller would seize, by `keyIn`. */
export async function contested(run: Run, turns: readonly Turn[]): Promise<ReadonlyMap<string, Site>> {
  const installs = turns.filter(({ group }) => group.state?.exists === false);
  const homes = new Map(installs.map(({ group, home }) => [keyIn(home, group.owner.id), home]));
  const watching = new Map<string, Promise<readonly string[]>>();
  const seized = new Map<string, Site>();
  for (const { site, sends } of turns) {
    for (const { id, object } of sends.map((entry) => ({ id: entry.id, object: payloadOf(entry)?.object }))) {
      const home = homes.get(keyIn(site, id));
      if (home === undefined || !isHelmRelease(id) || at(object, 'spec', 'suspend') === true) continue;
      const selectors = watching.get(clusterKey(home)) ?? watched(run, home);
      watching.set(clusterKey(home), selectors);
      const labels = stringsAt(object, 'metadata', 'labels');
      if ((await selectors).some((selector) => matchesSelector(selector, labels))) seized.set(keyIn(home, id), home);
    }
  }
  return seized;
}

const deployments = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };

/** What the helm-controllers of the cluster watch; one that has a release of the plan and is not found watches all. */
async function watched({ plan, options }: Run, home: Site): Promise<readonly string[]> {
  const labelSelector = 'app.kubernetes.io/component=helm-controller';
  const found = await home.cluster.list(deployments, { labelSelector }, options.signal);
  if (found.ok && found.value.length > 0) return found.value.map(watchedBy);
  const runs = plan.groups.some(
    (group) => homeKey(group) === clusterKey(home) && isHelmRelease(group.owner.id) && group.state?.controlled === true,
  );
  return runs ? [''] : [];
}

/** Flux is sharded by this flag: each controller watches the objects whose labels match. */
function watchedBy(deployment: Json): string {
  const flag = '--watch-label-selector=';
  const containers = listAt(deployment, 'spec', 'template', 'spec', 'containers');
  const args = containers.flatMap((container) => listAt(container, 'args')).map(String);
  return args.find((arg) => arg.startsWith(flag))?.slice(flag.length) ?? '';
}

/** The entry of a contested HelmRelease as it is sent. */
export function bornSuspended({ options }: Run, entry: PlanEntry): PlanEntry {
  const payload = payloadOf(entry)!;
  const { metadata, spec } = payload.object as { readonly metadata: JsonObject; readonly spec?: JsonObject };
  const annotations = { ...stringsAt(payload.object, 'metadata', 'annotations'), ...noteFor(options) };
  const object = { ...payload.object, metadata: { ...metadata, annotations }, spec: { ...spec, suspend: true } };
  return remember({ ...entry }, { ...payload, object });
}

/** Makes the suspension Sluice's own: the manager that created the object would take it back when it next applies it. */
export async function holdSuspended(state: State, turn: Turn, entry: PlanEntry): Promise<void> {
  const { options } = state;
  const home = state.contested.get(keyIn(turn.site, entry.id))!;
  const { apiVersion, kind, namespace, name } = ownerRef(entry.id);
  const object = {
    apiVersion,
    kind,
    metadata: { name, namespace, annotations: noteFor(options) },
    spec: { suspend: true },
  };
  const held = await home.cluster.apply(object, { manager: sluiceManager, force: true, dryRun: false }, options.signal);
  tellSuspended(state, home, entry.id);
  if (held.ok) return;
  state.tell({ type: 'trouble', owner: turn.group.owner.id, message: held.failure.message });
}

function noteFor({ by, timer }: Run['options']): Readonly<Record<string, string>> {
  return { [suspendedAnnotation]: suspensionNote({ by, why: 'a plan of the workspace installed it', timer }) };
}
