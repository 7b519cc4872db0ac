/** ArtifactGenerator (source.extensions.fluxcd.io): files of several sources put together into ExternalArtifacts. */
import type { Node } from '../../yaml/node.ts';
import { type Field, items, node, string, strings } from '../field.ts';
import { type FluxKind, type Reference, reference } from '../kind.ts';

export interface GeneratorSource {
  readonly alias: Field<string>;
  readonly source: Reference;
}

export interface CopyOperation {
  /** `@alias/glob`. */
  readonly from: Field<string>;
  /** `@artifact/path`. */
  readonly to: Field<string>;
  readonly exclude: readonly Field<string>[];
  /** `Overwrite`, `Merge` or `Extract`. */
  readonly strategy: string;
  readonly node: Node;
}

export interface OutputArtifact {
  /** May hold `{capture}` placeholders where `pathPattern` is set. */
  readonly name: Field<string>;
  readonly copy: readonly CopyOperation[];
  readonly node: Node;
}

export interface ArtifactGeneratorView {
  readonly sources: readonly GeneratorSource[];
  /** `@alias/pattern`: one artifact for each directory that matches. */
  readonly pathPattern?: Field<string> | undefined;
  readonly artifacts: readonly OutputArtifact[];
}

export const artifactGenerator: FluxKind<ArtifactGeneratorView> = {
  group: 'source.extensions.fluxcd.io',
  kind: 'ArtifactGenerator',
  plural: 'artifactgenerators',
  versions: ['v1beta1'],
  deprecated: [],
  view(object) {
    const spec = node(object, 'spec');
    return {
      sources: items(spec, 'sources').flatMap((item) => {
        const alias = string(item, 'alias');
        const source = reference(item, { role: 'source' })[0];
        return alias && source ? [{ alias, source }] : [];
      }),
      pathPattern: string(spec, 'pathPattern'),
      artifacts: items(spec, 'artifacts').flatMap((item) => {
        const name = string(item, 'name');
        return name === undefined ? [] : [{ name, copy: items(item, 'copy').flatMap(copyOperation), node: item }];
      }),
    };
  },
  references: (object) => items(object, 'spec', 'sources').flatMap((item) => reference(item, { role: 'source' })),
};

function copyOperation(item: Node): readonly CopyOperation[] {
  const from = string(item, 'from');
  const to = string(item, 'to');
  if (from === undefined || to === undefined) return [];
  const strategy = string(item, 'strategy')?.value ?? 'Overwrite';
  return [{ from, to, exclude: strings(item, 'exclude'), strategy, node: item }];
}
