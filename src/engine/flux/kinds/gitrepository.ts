/** GitRepository (source.toolkit.fluxcd.io): a revision of a Git repository as a tree of files. */
import type { Mapping, Node } from '../../yaml/node.ts';
import { boolean, type Field, items, mapping, node, string, strings } from '../field.ts';
import { credentials, type FluxKind, type Reference, reference, secret } from '../kind.ts';

/** What of the repository is wanted; the first that is set wins, in this order: commit, name, semver, tag, branch. */
export interface GitReference {
  readonly branch?: Field<string> | undefined;
  readonly tag?: Field<string> | undefined;
  readonly semver?: Field<string> | undefined;
  /** A full reference name, such as `refs/heads/main`. */
  readonly name?: Field<string> | undefined;
  readonly commit?: Field<string> | undefined;
}

/** Another GitRepository's files, copied in. */
export interface GitInclude {
  readonly repository: Field<string>;
  readonly fromPath?: Field<string> | undefined;
  /** The repository's name when it is not given. */
  readonly toPath?: Field<string> | undefined;
  readonly node: Node;
}

export interface GitRepositoryView {
  readonly suspend: boolean;
  readonly url?: Field<string> | undefined;
  readonly ref: GitReference;
  readonly interval?: Field<string> | undefined;
  readonly timeout?: Field<string> | undefined;
  readonly secretRef?: Field<string> | undefined;
  readonly provider: string;
  /** Patterns in `.sourceignore` form that replace the defaults. */
  readonly ignore?: Field<string> | undefined;
  readonly sparseCheckout: readonly Field<string>[];
  readonly include: readonly GitInclude[];
  readonly recurseSubmodules: boolean;
  readonly verify?: Mapping | undefined;
}

export const gitRepository: FluxKind<GitRepositoryView> = {
  group: 'source.toolkit.fluxcd.io',
  kind: 'GitRepository',
  plural: 'gitrepositories',
  versions: ['v1alpha1', 'v1beta1', 'v1beta2', 'v1'],
  deprecated: ['v1alpha1', 'v1beta1', 'v1beta2'],
  view,
  references,
};

function view(object: Mapping): GitRepositoryView {
  const spec = node(object, 'spec');
  const ref = (key: string) => string(spec, 'ref', key);
  return {
    suspend: boolean(spec, 'suspend')?.value ?? false,
    url: string(spec, 'url'),
    ref: { branch: ref('branch'), tag: ref('tag'), semver: ref('semver'), name: ref('name'), commit: ref('commit') },
    interval: string(spec, 'interval'),
    timeout: string(spec, 'timeout'),
    secretRef: string(spec, 'secretRef', 'name'),
    provider: string(spec, 'provider')?.value ?? 'generic',
    ignore: string(spec, 'ignore'),
    sparseCheckout: strings(spec, 'sparseCheckout'),
    include: items(spec, 'include').flatMap((item) => {
      const repository = string(item, 'repository', 'name');
      if (repository === undefined) return [];
      return [{ repository, fromPath: string(item, 'fromPath'), toPath: string(item, 'toPath'), node: item }];
    }),
    recurseSubmodules: boolean(spec, 'recurseSubmodules')?.value ?? false,
    verify: mapping(spec, 'verify'),
  };
}

function references(object: Mapping): readonly Reference[] {
  const spec = node(object, 'spec');
  return [
    ...credentials(spec),
    ...reference(node(spec, 'verify', 'secretRef'), secret),
    ...items(spec, 'include').flatMap((item) =>
      reference(node(item, 'repository'), { role: 'source', kind: 'GitRepository', group: gitRepository.group }),
    ),
  ];
}
