/**
 * What the Flux that a fleet installs in its own cluster does with variables that nothing sets, by the files alone:
 * kustomize-controller refuses them since Flux 2.9, unless its feature gate says otherwise. Without a word, the newest counts.
 */
import { fluxInstance, node, string } from '../flux/index.ts';
import type { Mapping } from '../yaml/node.ts';
import type { WorkspaceFile } from './files.ts';

export type Substitution = 'strict' | 'lenient';

/** The first minor version of Flux 2 that is strict by itself. */
const strictSince = 9;

/** `files` are those that the cluster's root takes in; `instance` is the FluxInstance that it has instead of a bootstrap. */
export function substitutionOf(files: readonly WorkspaceFile[], instance?: Mapping): Substitution {
  const gate = files.map(gateIn).find((set) => set !== undefined);
  if (gate !== undefined) return gate;
  const minor =
    instance === undefined ? installedMinor(files) : wantedMinor(fluxInstance.view(instance).version?.value);
  return minor !== undefined && minor < strictSince ? 'lenient' : 'strict';
}

/** The gate as a patch of the controller's arguments spells it. */
function gateIn({ source, parsed }: WorkspaceFile): Substitution | undefined {
  if (!source.text.includes('StrictPostBuildSubstitutions')) return undefined;
  for (const match of source.text.matchAll(/\bStrictPostBuildSubstitutions=(true|false)\b/g)) {
    const isComment = parsed.comments.some(({ start, end }) => start <= match.index && match.index < end);
    if (!isComment) return match[1] === 'true' ? 'strict' : 'lenient';
  }
  return undefined;
}

/** The version of the manifests that `flux bootstrap` wrote. */
function installedMinor(files: readonly WorkspaceFile[]): number | undefined {
  for (const { objects } of files) {
    for (const { id, node: object } of objects) {
      if (id.kind !== 'Deployment' || id.name !== 'kustomize-controller') continue;
      const label = string(node(object, 'metadata', 'labels'), 'app.kubernetes.io/version');
      const [, minor] = /^v2\.(\d+)\./.exec(label?.value ?? '') ?? [];
      if (minor !== undefined) return Number(minor);
    }
  }
  return undefined;
}

/** The minor version that an instance stays at: of `2.8.3`, `2.8.x`, `2.8`, `~2.8.0`; none for `2.x`, which is the newest. */
function wantedMinor(range: string | undefined): number | undefined {
  const [, minor] = /^[~=]?\s*v?2\.(\d+)(\.(\d+|[x*]))?$/.exec(range?.trim() ?? '') ?? [];
  return minor === undefined ? undefined : Number(minor);
}
