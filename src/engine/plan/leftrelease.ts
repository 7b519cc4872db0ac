/**
 * A HelmRelease that is to make another release than the one it made: another name, namespace or storage, or a chart of
 * another name. helm-controller uninstalls the old one first, and with it what both have: that is created anew.
 */
import { keyOf, type ObjectId } from '../objects/object.ts';
import type { LiveObject } from '../ports.ts';
import type { DesiredSet } from '../render/desired.ts';
import { intAt, listAt, stringAt } from '../status/fields.ts';
import { entryDangers } from './dangers/index.ts';
import { parseInventory } from './inventory.ts';
import { payloadOf, remember } from './payload.ts';
import type { LeftRelease, OwnerState, PlanEntry } from './plan.ts';
import type { ReleaseSpec } from './releasespec.ts';

/** The release that the HelmRelease leaves behind, by its status; undefined where it goes on with it. */
export function leftRelease(
  { release }: DesiredSet,
  spec: ReleaseSpec,
  live: LiveObject | undefined,
): Omit<LeftRelease, 'revision'> | undefined {
  const storageNamespace = stringAt(live, 'status', 'storageNamespace');
  const versions = listAt(live, 'status', 'history').map((one) => ({ one, version: intAt(one, ['version'], 0) }));
  const latest = versions.sort((a, b) => b.version - a.version)[0]?.one;
  if (latest === undefined || storageNamespace === '' || release === undefined) return undefined;
  const [name, namespace, chart] = ['name', 'namespace', 'chartName'].map((field) => stringAt(latest, field));
  const from = { name: name!, namespace: namespace!, storageNamespace };
  if (storageNamespace !== spec.storageNamespace) return { ...from, why: 'it is to be stored in another namespace' };
  if (namespace !== spec.namespace) return { ...from, why: 'its objects are to go to another namespace' };
  if (name !== spec.name) return { ...from, why: 'it gets another name' };
  if (chart === release.chart.metadata.name || spec.keepsWithOtherChart) return undefined;
  return { ...from, why: `its chart gets another name (${chart} → ${release.chart.metadata.name})` };
}

/** What the old release holds is deleted with it, and then created again. */
export function asReplaced(entry: PlanEntry, { release, inventory }: OwnerState): PlanEntry {
  const left = release?.leaves;
  const payload = payloadOf(entry);
  if (left === undefined || payload === undefined) return entry;
  if (entry.action !== 'configure' && entry.action !== 'unchanged') return entry;
  const key = keyOf(entry.id);
  const held = inventory.some((one) => isSame(parseInventory(one), key));
  if (!held || stays(entry)) return entry;
  const reason = `release ${left.name} is uninstalled first: ${left.why}`;
  const again: PlanEntry = { ...entry, action: 'recreate', reason };
  const dangers = entryDangers({ entry: again, before: entry.before, after: entry.after });
  return remember({ ...again, ...(dangers.length === 0 ? {} : { dangers }) }, payload);
}

function isSame(id: ObjectId | undefined, key: string): boolean {
  return id !== undefined && keyOf(id) === key;
}

function stays({ before }: PlanEntry): boolean {
  return stringAt(before, 'metadata', 'annotations', 'helm.sh/resource-policy') === 'keep';
}
