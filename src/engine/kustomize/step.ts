/** What a transformer or generator is to a build: how it is configured, and what it then does. */
import type { Mapping, Scalar } from '../yaml/node.ts';
import type { Config } from './config.ts';
import type { HelmInflator } from './generators/helm.ts';
import type { Kustomization } from './kustomization.ts';
import type { Loader } from './loader.ts';
import type { OpenApi } from './openapi.ts';
import type { ResMap } from './resmap.ts';
import type { Resource } from './resource.ts';

/** What a transformer may ask of the kustomization it is configured in. */
export interface StepContext {
  readonly loader: Loader;
  readonly openApi: OpenApi;
  readonly config: Config;
  /** The text of the file a scalar stands in, when it is one that this build read. */
  sourceOf(scalar: Scalar): string | undefined;
  readonly helm: HelmInflator | undefined;
  /** The namespace that charts are rendered for when neither they nor this kustomization name one. */
  readonly helmNamespace: Scalar | undefined;
}

export type Transform = (map: ResMap) => void;
export type Generate = () => readonly Resource[];

export interface TransformerKind {
  /** Its name as kustomize spells it: the `kind` of a configuration with `apiVersion: builtin`. */
  readonly name: string;
  /** What a kustomization's own fields ask for; absent for what can only be asked for in `transformers`. */
  fromKustomization?(kustomization: Kustomization, context: StepContext): readonly Transform[];
  fromConfig(config: Mapping, context: StepContext): Transform;
}

export interface GeneratorKind {
  readonly name: string;
  fromKustomization?(kustomization: Kustomization, context: StepContext): readonly Generate[];
  fromConfig(config: Mapping, context: StepContext): Generate;
}

/** How a plugin's configuration is read: as YAML that kustomize has printed, unknown fields left alone. */
export const pluginReading = { dialect: 'kyaml', strict: false, texts: 'converted' } as const;
