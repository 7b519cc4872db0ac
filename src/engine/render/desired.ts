/** What a Flux object wants in the cluster: the outcome of a render, each object with its origins. */
import type { Chart, Hook } from '../helm/index.ts';
import { hideInMessage, hideInProblems } from '../objects/hide.ts';
import type { ObjectId } from '../objects/object.ts';
import type { Problem } from '../problem.ts';
import type { Mapping, Origin } from '../yaml/node.ts';
import type { Json } from '../yaml/resolve.ts';

/** One object that Flux would apply. Its node's origins lead every field to its source line. */
export interface DesiredObject {
  readonly id: ObjectId;
  readonly node: Mapping;
  /** Values in it that came from a Secret (by substitution or Helm values), masked wherever they are shown. */
  readonly secretValues?: readonly string[];
  /** Variables in it whose value is not known here: it is shown, and never compared or sent. */
  readonly unresolved?: readonly string[];
  /** Of a release, though no part of its manifest: a definition from the chart's crds/. */
  readonly beside?: true;
}

/** What Helm keeps of a release besides its objects. It may hold secrets in the clear: it is stored, and never shown. */
export interface ReleaseContent {
  readonly chart: Chart;
  /** The values that the HelmRelease sets, all sources merged. */
  readonly config: Json;
  /** The objects of the manifest in Helm's order, each with the template that it came from. */
  readonly manifest: readonly ReleaseObject[];
  readonly hooks: readonly (ReleaseObject & { readonly hook: Hook })[];
  readonly notes: string;
  /** The definitions of crds/, whatever the policy makes of them: they count for its inventory. */
  readonly definitions: readonly ObjectId[];
  /** Of the OCI artifact that the chart came by, as helm-controller notes it. */
  readonly digest?: string;
  /** It is the deployed revision: writing its objects corrects what drifted, and makes no other revision. */
  readonly standing?: true;
}

export interface ReleaseObject {
  readonly source: string;
  readonly node: Mapping;
}

/** Who owns a desired set: a Flux Kustomization or HelmRelease, or a plain directory. */
export interface Owner {
  readonly id: ObjectId;
  /** Where the owner is declared. */
  readonly at: Origin;
}

/** The objects of one owner, in the order in which Flux would send them. */
export interface DesiredSet {
  readonly owner: Owner;
  readonly objects: readonly DesiredObject[];
  /** Whether `objects` is all of it: false after any error, and then nothing may be pruned. */
  readonly complete: boolean;
  readonly problems: readonly Problem[];
  /** Why the set is empty or partial though nothing failed (suspended, source not local, …). */
  readonly note?: string;
  /** The ConfigMaps and Secrets whose values it took, and whose they are. */
  readonly inputs?: readonly { readonly title: string; readonly from: 'fleet' | 'cluster'; readonly at: Origin }[];
  /** Names of the files that were read, so that an edit re-renders only what it touches. */
  readonly reads: ReadonlySet<string>;
  /** Of a HelmRelease whose chart rendered. */
  readonly release?: ReleaseContent;
}

/** What a set says of itself, without the values that its owner was given from Secrets. */
export function hideInSet(set: DesiredSet, secrets: readonly string[] = []): DesiredSet {
  if (secrets.length === 0) return set;
  const problems = hideInProblems(set.problems, secrets);
  return { ...set, problems, ...(set.note === undefined ? {} : { note: hideInMessage(set.note, secrets) }) };
}
