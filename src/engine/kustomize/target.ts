/**
 * One kustomization, built: its resources gathered (bases and components by recursion), its generators run, then its
 * transformers in kustomize's own order, which is not the order of the file.
 */
import type { Problem } from '../problem.ts';
import { get, type Mapping, type Scalar } from '../yaml/node.ts';
import { toJson } from '../yaml/resolve.ts';
import { absorb } from './absorb.ts';
import { type Config, emptyConfig, mergeConfig } from './config.ts';
import type { HelmInflator } from './generators/helm.ts';
import { generators } from './generators/index.ts';
import { isComponent, type Kustomization } from './kustomization.ts';
import { enter, isRemoteFile, joinPath, type Loader, load, see } from './loader.ts';
import type { Memo } from './memo.ts';
import { loadKustomization, type Opening, setSchema, withConfigurations } from './open.ts';
import { readInline, readObjects, refuseDuplicates } from './read.ts';
import { Refusal, within } from './refusal.ts';
import { ResMap } from './resmap.ts';
import {
  apiVersionOf,
  idText,
  kindOf,
  nameOf,
  namespaceOf,
  type Provenance,
  type Resource,
  resource,
} from './resource.ts';
import type { Generate, StepContext, Transform } from './step.ts';
import { transformers } from './transformers/index.ts';
import { updateAt, withEntry } from './tree.ts';
import { mergeVars, unite, type VarSet } from './vars.ts';

/** What a whole build shares. */
export interface Build extends Opening {
  readonly helm: HelmInflator | undefined;
  readonly problems: Problem[];
  readonly memo: Memo;
  /** How deep bases nest; a limit, because links can make a tree endless. */
  readonly maxDepth: number;
}

/** What a kustomization came to, before names are hashed and references follow. */
export interface Accumulated {
  readonly map: ResMap;
  readonly config: Config;
  readonly vars: VarSet;
}

/** Where in the build a kustomization stands. */
export interface Place {
  readonly loader: Loader;
  readonly kustomization: Kustomization;
  /** The path from the build's root, when the root asks for annotations of provenance. */
  readonly tracked: string | undefined;
  readonly helmNamespace: Scalar | undefined;
  readonly depth: number;
}

export function accumulate(place: Place, build: Build, into?: Accumulated): Accumulated {
  const { kustomization, loader } = place;
  const isClusterScoped = build.openApi.isClusterScoped.bind(build.openApi);
  let all: Accumulated = into ?? { map: new ResMap(isClusterScoped), config: emptyConfig, vars: new Map() };
  all = within('accumulating resources', undefined, () =>
    addResources(all, kustomization.resources ?? [], place, build),
  );
  all = { ...all, config: withConfigurations(all.config, kustomization, loader, build) };
  runGenerators(all, place, build);
  for (const path of kustomization.components ?? []) {
    all = within('accumulating components', path.at, () => {
      const inner = within('loader.New', path.at, () => enter(loader, path.text, path.at));
      return addDirectory(all, inner, path, 'component', place, build);
    });
  }
  const context = contextOf(place, build, all.config);
  const steps = transformers.map((kind) => kind.fromKustomization?.(kustomization, context) ?? []);
  // Everything is configured before anything runs, as in kustomize: a bad file is refused whatever comes before it.
  const own = steps.map((list, index) => ({ list, by: transformers[index]!.name }));
  const external = configurePlugins(kustomization.transformers ?? [], place, build, 'transformer', context);
  for (const { list, by } of own) for (const step of list) runStep(all.map, step, provenanceOf(place, by));
  for (const { run, provenance } of external) runStep(all.map, run as Transform, provenance);
  runValidators(all.map, place, build, context);
  return { ...all, vars: mergeVars(all.vars, kustomization.vars ?? [], all.map) };
}

function runStep(map: ResMap, step: Transform, provenance: Provenance | undefined): void {
  step(map);
  map.dropEmpty();
  if (provenance === undefined) return;
  map.update((of) =>
    of.provenance === undefined
      ? { ...of, provenance }
      : { ...of, transformations: [...of.transformations, provenance] },
  );
}

function contextOf(place: Place, build: Build, config: Config): StepContext {
  return {
    loader: place.loader,
    openApi: build.openApi,
    config,
    sourceOf: (scalar) => build.sources.get(scalar.at.file)?.text,
    helm: build.helm,
    helmNamespace: place.helmNamespace,
  };
}

function provenanceOf({ tracked, kustomization }: Place, kind: string): Provenance | undefined {
  if (tracked === undefined) return undefined;
  return {
    configuredIn: cleanPath(tracked, kustomization.fileName),
    configuredBy: { apiVersion: 'builtin', kind },
  };
}

/** Joins two relative paths as Go's filepath.Join does. */
function cleanPath(base: string, path: string): string {
  const out: string[] = [];
  for (const part of `${base}/${path}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && out.length > 0 && out[out.length - 1] !== '..') out.pop();
    else out.push(part);
  }
  return out.join('/');
}

/** Each path is a file when it reads as one, else a base. */
function addResources(all: Accumulated, paths: readonly Scalar[], place: Place, build: Build): Accumulated {
  let out = all;
  for (const path of paths) {
    const problem = addFile(out, path, place, build);
    if (problem === undefined) continue;
    out = addBase(out, path, problem, place, build);
  }
  return out;
}

function addFile(all: Accumulated, path: Scalar, place: Place, build: Build): Refusal | undefined {
  const { loader, tracked } = place;
  let problem: Refusal | undefined;
  try {
    const file = load(loader, path.text, path.at);
    const provenance = tracked === undefined ? undefined : { path: cleanPath(tracked, path.text) };
    build.sources.set(file.name, file);
    const fresh = new ResMap(all.map.isClusterScoped);
    refuseDuplicates(file);
    for (const node of readObjects(file)) fresh.append({ ...resource(node), provenance });
    for (const each of fresh.resources) {
      within(`merging resources from '${path.text}'`, path.at, () => all.map.append(each));
    }
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    problem = thrown;
  }
  return problem?.within(`accumulating resources from '${path.text}'`, path.at);
}

function addBase(all: Accumulated, path: Scalar, problem: Refusal, place: Place, build: Build): Accumulated {
  if (isRemoteFile(path.text) && place.loader.remote === undefined) throw problem;
  let inner: Loader;
  try {
    inner = enter(place.loader, path.text, path.at);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    // What was wrong with the file tells more than that it is no directory.
    const target = joinPath(place.loader.root, path.text);
    if (target !== undefined && typeof see(place.loader, target) === 'object') throw problem;
    throw thrown.code === 'file-missing' ? missingResource(path, thrown) : thrown;
  }
  return addDirectory(all, inner, path, 'base', place, build);
}

function missingResource(path: Scalar, refusal: Refusal): Refusal {
  return new Refusal(
    `accumulation err='accumulating resources from '${path.text}': no such file or directory': ${refusal.message}`,
    path.at,
    'file-missing',
  );
}

function addDirectory(
  all: Accumulated,
  loader: Loader,
  path: Scalar,
  as: 'base' | 'component',
  place: Place,
  build: Build,
): Accumulated {
  if (place.depth >= build.maxDepth) throw new Refusal(`bases nest deeper than ${build.maxDepth}`, path.at);
  const read = within(`couldn't make target for path '${loader.root}'`, path.at, () =>
    loadKustomization(loader, build, path.at),
  );
  setSchema(read, loader, build);
  if (as === 'component' && !isComponent(read)) {
    const kind = read.kind?.text || 'Kustomization';
    throw new Refusal(`expected kind 'Component' for path '${loader.root}' but got '${kind}'`, path.at);
  }
  if (as === 'base' && isComponent(read)) {
    throw new Refusal(`expected kind != 'Component' for path '${loader.root}'`, path.at);
  }
  const inner: Place = {
    loader,
    kustomization: read,
    tracked: place.tracked === undefined ? undefined : cleanPath(place.tracked, path.text),
    helmNamespace: place.kustomization.namespace?.text ? place.kustomization.namespace : place.helmNamespace,
    depth: place.depth + 1,
  };
  return within(`recursed accumulation of path '${loader.root}'`, path.at, () => {
    if (as === 'component') return accumulate(inner, build, all);
    const base = build.memo.reuse(inner, build, () => accumulate(inner, build));
    for (const each of base.map.resources) {
      within(`recursed merging from path '${loader.root}'`, path.at, () => all.map.append(each));
    }
    return {
      map: all.map,
      config: mergeConfig(all.config, base.config),
      vars: unite(all.vars, base.vars.values()),
    };
  });
}

function runGenerators(all: Accumulated, place: Place, build: Build): void {
  const context = contextOf(place, build, all.config);
  const own = generators.flatMap((kind) =>
    (kind.fromKustomization?.(place.kustomization, context) ?? []).map((run) => ({
      run,
      provenance: provenanceOf(place, kind.name),
    })),
  );
  const external = within('loading generator plugins', undefined, () =>
    configurePlugins(place.kustomization.generators ?? [], place, build, 'generator', context),
  );
  for (const { run, provenance } of [...own, ...external]) {
    for (const made of (run as Generate)()) absorb(all.map, { ...made, provenance: made.provenance ?? provenance });
  }
}

interface Plugin {
  readonly run: Generate | Transform;
  readonly provenance: Provenance | undefined;
}

/** The plugins that a list names, each in place, in a file or in a directory that is itself a kustomization. */
function configurePlugins(
  entries: readonly Scalar[],
  place: Place,
  build: Build,
  as: 'generator' | 'transformer',
  context: StepContext,
): readonly Plugin[] {
  if (entries.length === 0) return [];
  let all: Accumulated = {
    map: new ResMap(context.openApi.isClusterScoped.bind(context.openApi)),
    config: emptyConfig,
    vars: new Map(),
  };
  const paths: Scalar[] = [];
  const tracked =
    place.tracked === undefined ? undefined : { path: cleanPath(place.tracked, place.kustomization.fileName) };
  for (const entry of entries) {
    let objects: readonly Mapping[];
    try {
      objects = readInline(entry, context.sourceOf(entry));
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      paths.push(entry);
      continue;
    }
    for (const node of objects) all.map.append({ ...resource(node), provenance: tracked });
  }
  all = addResources(all, paths, place, build);
  return all.map.resources.map((of) => configurePlugin(of, as, context, all.map));
}

function configurePlugin(of: Resource, as: 'generator' | 'transformer', context: StepContext, map: ResMap): Plugin {
  const { node } = of;
  const kind = kindOf(node);
  if (apiVersionOf(node) !== 'builtin') {
    throw new Refusal(
      `external plugins disabled; unable to load external plugin '${kind}': exec, container and Go plugins do not run here`,
      get(node, 'kind')?.at ?? node.at,
      'kustomize-unsupported',
    );
  }
  const generator = generators.find((each) => each.name === kind);
  const transformer = transformers.find((each) => each.name === kind);
  if (generator === undefined && transformer === undefined) {
    throw new Refusal(`unable to load builtin ${kind}.builtin.[noGrp]`, get(node, 'kind')?.at ?? node.at);
  }
  const id = idText(map.original(of));
  if (as === 'generator' && generator === undefined) throw new Refusal(`plugin ${id} not a generator`, node.at);
  if (as === 'transformer' && transformer === undefined) throw new Refusal(`plugin ${id} not a transformer`, node.at);
  const run = within(`plugin ${id} fails configuration`, node.at, () =>
    as === 'generator' ? generator!.fromConfig(node, context) : transformer!.fromConfig(node, context),
  );
  if (of.provenance?.path === undefined) return { run, provenance: undefined };
  const configuredBy = { apiVersion: 'builtin', kind, name: nameOf(node), namespace: namespaceOf(node) };
  return { run, provenance: { configuredIn: of.provenance.path, configuredBy } };
}

/** Validators are transformers that may change nothing but a label of their own. */
function runValidators(map: ResMap, place: Place, build: Build, context: StepContext): void {
  const entries = place.kustomization.validators ?? [];
  for (const { run } of configurePlugins(entries, place, build, 'transformer', context)) {
    const before = map.resources.map(({ node }) => node);
    (run as Transform)(map);
    const after = map.resources;
    const isSame =
      before.length === after.length &&
      before.every((node, index) => sameValue(node, withoutValidatedBy(after[index]!.node)));
    if (!isSame) throw new Refusal("validator shouldn't modify the resource map", entries[0]!.at);
  }
}

/** A validator may say that it was there. */
function withoutValidatedBy(node: Mapping): Mapping {
  const labels = get(get(node, 'metadata'), 'labels');
  if (labels?.kind !== 'mapping' || get(labels, 'validated-by') === undefined) return node;
  return updateAt(node, ['metadata', 'labels'], labels.at, () => {
    const rest = withEntry(labels, 'validated-by', undefined);
    return rest.entries.length === 0 ? undefined : rest;
  });
}

function sameValue(before: Mapping, after: Mapping): boolean {
  if (before === after) return true;
  const text = (node: Mapping): string =>
    JSON.stringify(toJson(node, 'kyaml'), (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
  return text(before) === text(after);
}
