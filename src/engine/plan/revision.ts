/**
 * A release of which no object changes, and of which helm-controller makes another revision all the same: its chart's
 * version, its values, its post renderers or its common metadata are others. Helm runs then, with its hooks and tests.
 */
import { configDigest, type ReleaseRecord } from '../release/index.ts';
import type { DesiredSet, ReleaseContent } from '../render/desired.ts';
import { stringAt } from '../status/fields.ts';
import type { LiveOwner } from './liveowner.ts';
import { type PlanEntry, writes } from './plan.ts';
import { isRenderedAlike } from './standing.ts';

/** The record of that revision, in place of the objects that it does not change; undefined where there is none. */
export function revisionEntry(
  { release, complete, objects, owner }: DesiredSet,
  { spec, state, live }: LiveOwner,
  last: ReleaseRecord | undefined,
  entries: readonly PlanEntry[],
): PlanEntry | undefined {
  if (release === undefined || release.standing === true || !complete || spec.release === undefined) return undefined;
  if (state.release === undefined || state.release.trouble !== undefined || entries.some(writes)) return undefined;
  // A part of it is planned, or not all of it can be compared: no revision can be made of that.
  const own = entries.filter(({ action }) => action !== 'keep' && action !== 'delete');
  if (own.length < objects.length || entries.some(({ action }) => action === 'unknown')) return undefined;
  const reason = reasonFor(release, last, isRenderedAlike(spec.release, live));
  if (reason === undefined) return undefined;
  const { name, storageNamespace: namespace } = spec.release;
  const version = String(state.release.revision + 1);
  const labels = { name, owner: 'helm', status: 'deployed', version };
  const id = { group: '', version: 'v1', kind: 'Secret', namespace, name: `sh.helm.release.v1.${name}.v${version}` };
  const metadata = { name: id.name, namespace, labels };
  const after = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'helm.sh/release.v1' };
  return { id, action: 'create', reason, after, changes: [], at: owner.at, revision: true };
}

/** What helm-controller compares. A failed revision with the same content is not made again by itself. */
function reasonFor(
  { chart, config }: ReleaseContent,
  last: ReleaseRecord | undefined,
  renderedAlike: boolean,
): string | undefined {
  if (last === undefined) return 'the release is not installed yet';
  if (last.status === 'uninstalled') return 'the release was uninstalled';
  const [name, version] = ['name', 'version'].map((field) => stringAt(last.json, 'chart', 'metadata', field));
  if (name !== chart.metadata.name || !isVersion(version!, chart.metadata.version))
    return `nothing of its objects changes, and its chart does (${name} ${version} → ${chart.metadata.name} ${chart.metadata.version})`;
  if (configDigest(last.json.config) !== configDigest(config))
    return 'nothing of its objects changes, and its values do';
  if (last.status === 'deployed' && !renderedAlike)
    return 'nothing of its objects changes, and its post renderers or its common metadata do';
  return undefined;
}

/** The cluster may add the source's revision to the version, which is not known here. */
function isVersion(stored: string, rendered: string): boolean {
  return stored === rendered || (!rendered.includes('+') && stored.startsWith(`${rendered}+`));
}
