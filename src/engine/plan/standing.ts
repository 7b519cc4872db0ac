/**
 * A release whose chart and values are those of the deployed revision. Helm is not run again for it, so what is wanted is
 * what that revision's manifest holds, and not a new render, in which random values and `.Release.IsInstall` differ.
 */
import { idOf, keyOf } from '../objects/object.ts';
import type { LiveObject } from '../ports.ts';
import { madeFrom, objectsIn, type ReleaseRecord } from '../release/index.ts';
import type { DesiredObject, DesiredSet, ReleaseContent } from '../render/desired.ts';
import { stringAt, stringsAt } from '../status/fields.ts';
import { canonical } from '../yaml/canonical.ts';
import type { Mapping } from '../yaml/node.ts';
import { fromJson, toJson } from '../yaml/resolve.ts';
import type { LiveOwner } from './liveowner.ts';
import type { OwnerSpec } from './owner.ts';
import { type PlanEntry, writes } from './plan.ts';
import type { ReleaseSpec } from './releasespec.ts';

/** The set as its deployed revision has it; the same set where Helm would run. */
export function asDeployed(
  set: DesiredSet,
  { spec, live }: Pick<LiveOwner, 'spec' | 'live'>,
  deployed: ReleaseRecord | undefined,
): DesiredSet {
  const { release } = set;
  if (release === undefined || deployed === undefined || !set.complete || spec.release === undefined) return set;
  if (!madeFrom(deployed, release) || !isRenderedAlike(spec.release, live)) return set;
  const recorded = objectsIn(deployed.manifest);
  // What helm itself installed does not carry Flux's labels yet: that takes another revision.
  if (!recorded.every(isLabelled)) return set;
  const rendered = new Map(set.objects.map((object) => [keyOf(object.id), object]));
  const objects = recorded.map((node) => objectFor(node, rendered.get(keyOf(idOf(node))), set));
  const beside = set.objects.filter((object) => object.beside === true);
  return { ...set, objects: [...beside, ...objects], release: contentOf(release, objects) };
}

/**
 * What helm-controller makes of an object that differs from the deployed revision: it corrects it only where drift
 * detection is on, and never a definition of crds/, which it applies with a revision. Where it would leave it, so does Sluice.
 */
export function asDrifted(entry: PlanEntry, { release }: DesiredSet, { release: spec }: OwnerSpec): PlanEntry {
  if (release?.standing !== true || spec === undefined || !writes(entry)) return entry;
  const reason = leaves(entry, spec, release);
  if (reason === undefined) return entry;
  const { dangers: _dangers, awaits: _awaits, ...rest } = entry;
  return { ...rest, action: 'skip', reason: `${driftedFrom} ${spec.name}; ${reason}` };
}

const driftedFrom = 'it drifted from release';

/** How many of the entries drifted and are left so. */
export function driftedIn(entries: readonly PlanEntry[]): number {
  return entries.filter(({ action, reason }) => action === 'skip' && reason.startsWith(driftedFrom)).length;
}

function leaves(entry: PlanEntry, { drift }: ReleaseSpec, { manifest }: ReleaseContent): string | undefined {
  if (drift === 'warn') return 'Flux only warns of it (spec.driftDetection.mode)';
  if (drift === 'disabled') return 'Flux leaves it so (spec.driftDetection is not enabled)';
  const key = 'helm.toolkit.fluxcd.io/driftDetection';
  const excluded = [entry.before, entry.after].some((side) =>
    (['annotations', 'labels'] as const).some((place) => stringsAt(side, 'metadata', place)[key] === 'disabled'),
  );
  if (excluded) return `Flux leaves it so (${key})`;
  const own = manifest.some(({ node }) => idOf(node).kind === entry.id.kind && idOf(node).name === entry.id.name);
  return own ? undefined : 'definitions of crds/ are applied with its next revision';
}

/** An upgrade writes what drift detection would ignore. */
export function heldTo(owner: LiveOwner, { release }: DesiredSet): LiveOwner {
  return owner.spec.release === undefined || release?.standing === true
    ? owner
    : { ...owner, spec: { ...owner.spec, ignore: [] } };
}

/** The post renderers and the common metadata are those that the revision was made with. */
export function isRenderedAlike(spec: ReleaseSpec, live: LiveObject | undefined): boolean {
  return (
    stringAt(live, 'status', 'observedPostRenderersDigest') === spec.postRenderersDigest &&
    stringAt(live, 'status', 'observedCommonMetadataDigest') === spec.commonMetadataDigest
  );
}

function isLabelled(node: Mapping): boolean {
  return stringsAt(toJson(node, 'sigs'), 'metadata', 'labels')['helm.toolkit.fluxcd.io/name'] !== undefined;
}

/** As it was rendered where that is the same, so that its origins stay. */
function objectFor(recorded: Mapping, rendered: DesiredObject | undefined, set: DesiredSet): DesiredObject {
  const json = toJson(recorded, 'sigs');
  if (rendered !== undefined && canonical(toJson(rendered.node, 'sigs')) === canonical(json)) return rendered;
  const node = fromJson(json, rendered?.node.at ?? set.owner.at) as Mapping;
  const secretValues = [...new Set(set.objects.flatMap((object) => object.secretValues ?? []))];
  return { id: idOf(node), node, ...(secretValues.length === 0 ? {} : { secretValues }) };
}

function contentOf(release: ReleaseContent, objects: readonly DesiredObject[]): ReleaseContent {
  const sources = new Map(release.manifest.map(({ source, node }) => [keyOf(idOf(node)), source]));
  const manifest = objects.map(({ id, node }) => ({ source: sources.get(keyOf(id)) ?? 'manifest', node }));
  return { ...release, manifest, standing: true };
}
