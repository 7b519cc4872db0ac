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

/** The post renderers and the common metadata are those that the revision was made with. */
function isRenderedAlike(spec: ReleaseSpec, live: LiveObject | undefined): boolean {
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
