/**
 * Opens a kustomization directory: finds its file, reads it, and reads the files that configure the build as a whole
 * (`openapi`, `configurations`, `crds`).
 */
import type { SourceFile } from '../ports.ts';
import type { Mapping, Node, Scalar } from '../yaml/node.ts';
import { toJson } from '../yaml/resolve.ts';
import { type Config, mergeConfig, readConfig } from './config.ts';
import { readCrds } from './crds.ts';
import { fileNames, type Kustomization, readKustomization } from './kustomization.ts';
import { joinPath, type Loader, load, see } from './loader.ts';
import { type OpenApi, readOpenApi } from './openapi.ts';
import { parseSource, readDocument, refuseDuplicates, refuseErrors } from './read.ts';
import { Refusal, within } from './refusal.ts';

/** What of a build is needed to open a directory. */
export interface Opening {
  readonly openApi: OpenApi;
  readonly defaults: Config;
  /** Files that the build read, by name: where inline patches find the text around them. */
  readonly sources: Map<string, SourceFile>;
}

/** The kustomization file of a directory. */
export function loadKustomization(loader: Loader, build: Opening, at?: Node['at']): Kustomization {
  const found: { readonly name: string; readonly file: SourceFile }[] = [];
  for (const name of fileNames) {
    const path = joinPath(loader.root, name)!;
    if (typeof see(loader, path) !== 'object') continue;
    try {
      found.push({ name, file: load(loader, name, at) });
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
    }
  }
  const [first] = found;
  if (first === undefined) {
    throw new Refusal(
      `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${loader.root}'`,
      at,
      'file-missing',
    );
  }
  if (found.length > 1) {
    throw new Refusal(`Found multiple kustomization files under: ${loader.root}`, at, 'kustomize-file');
  }
  build.sources.set(first.file.name, first.file);
  return kustomizationOf(first.file, first.name, loader.root);
}

const kustomizations = new WeakMap<SourceFile, Kustomization>();

function kustomizationOf(file: SourceFile, name: string, root: string): Kustomization {
  const known = kustomizations.get(file);
  if (known !== undefined) return known;
  const parsed = parseSource(file);
  refuseErrors(parsed, 'invalid Kustomization: ');
  const node = parsed.documents[0]?.root;
  if (node === undefined) {
    const at = { file: file.name, start: 0, end: 0 };
    throw new Refusal('kustomization.yaml is empty', at, 'kustomize-file');
  }
  if (node.kind !== 'mapping') {
    throw new Refusal('invalid Kustomization: it must be a mapping', node.at, 'kustomize-file');
  }
  const read = readKustomization(node, name, root);
  kustomizations.set(file, read);
  return read;
}

/** Takes the `openapi` field into account; the first of a build decides. */
export function setSchema({ openapi }: Kustomization, loader: Loader, build: Opening): void {
  const of = (key: string): Scalar | undefined => openapi?.find((pair) => pair.key.text === key)?.value;
  const path = of('path');
  const version = of('version');
  const file = path === undefined ? undefined : load(loader, path.text, path.at);
  if (build.openApi.isCustom) return;
  if (file !== undefined && version !== undefined) {
    throw new Refusal('builtin version and custom schema provided, cannot use both', version.at);
  }
  if (version !== undefined && version.text !== '' && version.text !== 'v1.21.2') {
    throw new Refusal('the specified OpenAPI version is not built in', version.at);
  }
  build.openApi.set(version?.text, file, (source) => {
    const root = readDocument(source);
    if (root === undefined) return { definitions: {}, kinds: {}, scopes: {} };
    return readOpenApi(toJson(root, 'sigs'));
  });
}

/** The configuration with the kustomization's own files merged in. */
export function withConfigurations(
  config: Config,
  kustomization: Kustomization,
  loader: Loader,
  build: Opening,
): Config {
  let own = build.defaults;
  for (const path of kustomization.configurations ?? []) {
    own = within(`configuration '${path.text}'`, path.at, () => {
      const file = load(loader, path.text, path.at);
      refuseDuplicates(file);
      const root = readDocument(file);
      return root?.kind === 'mapping' ? mergeConfig(own, configOf(root)) : own;
    });
  }
  let out = mergeConfig(config, own);
  for (const path of kustomization.crds ?? []) {
    out = within(`loading CRDs '${path.text}'`, path.at, () => {
      const root = readDocument(load(loader, path.text, path.at));
      return mergeConfig(out, readCrds(root === undefined ? null : toJson(root, 'sigs')));
    });
  }
  return out;
}

const configs = new WeakMap<Mapping, Config>();

function configOf(root: Mapping): Config {
  let config = configs.get(root);
  if (config === undefined) {
    config = readConfig(root);
    configs.set(root, config);
  }
  return config;
}
