/** What `flux build kustomization NAME --path … --kustomization-file FILE --dry-run` prints, byte for byte. */
import { kustomization } from '../flux/index.ts';
import type { Kustomizer } from '../kustomize/index.ts';
import { idOf } from '../objects/object.ts';
import type { FileTree } from '../ports.ts';
import type { Problem } from '../problem.ts';
import type { Mapping } from '../yaml/node.ts';
import { print } from '../yaml/print.ts';
import { build, ownerOf } from './build.ts';
import type { DesiredObject } from './desired.ts';
import { settle } from './settle.ts';

export interface LikeFluxRequest {
  readonly kustomizer: Kustomizer;
  /** Paths may go anywhere in the tree, as the command confines nothing. */
  readonly tree: FileTree;
  /** The folder to build. */
  readonly path: string;
  /** The Flux Kustomization. */
  readonly object: Mapping;
  readonly substitution: 'strict' | 'lenient';
  textOf(file: string): string | undefined;
}

export interface LikeFluxResult {
  readonly objects: readonly DesiredObject[];
  readonly text: string;
  readonly complete: boolean;
  readonly problems: readonly Problem[];
}

export function buildLikeFlux(request: LikeFluxRequest): LikeFluxResult {
  // The file is read as kubectl would, where `n: yes` is false and true.
  const object = settle(request.object, 'sigs') as Mapping;
  const id = idOf(object);
  const result = build({
    kustomizer: request.kustomizer,
    tree: request.tree,
    path: request.path,
    view: kustomization.view(object),
    owner: ownerOf({ id, node: object }),
    at: object.at,
    as: 'command-line',
    substitution: request.substitution,
    namespace: id.namespace,
    textOf: request.textOf,
  });
  const text = result.objects.map(({ node }) => `${print(node, 'kyaml')}---\n`).join('');
  return { objects: result.objects, text, complete: result.complete, problems: result.problems };
}
