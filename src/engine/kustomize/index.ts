/**
 * A kustomization directory to objects, as `kustomize build` does it. Knows nothing of Flux: the Flux room hands in the
 * kustomization that it merged its own fields into.
 */
import { idOf, type ObjectId } from '../objects/object.ts';
import type { FileTree } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import { jsonFault } from '../yaml/fault.ts';
import { get, type Mapping, text } from '../yaml/node.ts';
import { type Config, defaultConfig, type FieldSpecTables } from './config.ts';
import { finish } from './finish.ts';
import type { HelmInflator } from './generators/helm.ts';
import { deprecatedFields, type Kustomization, readings, readKustomization } from './kustomization.ts';
import { confirmDirectory, type Loader, type LoadRestrictor, type Seen } from './loader.ts';
import { createMemo, createResultMemo, type Memo } from './memo.ts';
import { fixBackReferences } from './namereference.ts';
import { loadKustomization, setSchema } from './open.ts';
import { OpenApi, type OpenApiTables } from './openapi.ts';
import { sortResources } from './order.ts';
import { checkIdentity } from './read.ts';
import { Refusal } from './refusal.ts';
import { accumulate, type Build } from './target.ts';
import { addHashes } from './transformers/hash.ts';
import { isEmpty } from './tree.ts';
import { resolveVars } from './vars.ts';

export type { HelmInflator } from './generators/helm.ts';

/** `data/kustomize.json`, as `scripts/data/kustomize.ts` makes it. */
export interface KustomizeTables {
  /** The kustomize that the tables were taken from, as its managed-by label names it. */
  readonly version: string;
  readonly fieldSpecs: FieldSpecTables;
  /** `group/version|Kind` → whether it has a namespace, for the kinds that kustomize knows without its OpenAPI. */
  readonly scopes: Readonly<Record<string, boolean>>;
  readonly openapi: OpenApiTables;
}

export interface KustomizeRequest {
  readonly tree: FileTree;
  /** The directory to build: an absolute POSIX path inside the tree. */
  readonly path: string;
  /** Used in place of the kustomization file of `path`, which then needs none. */
  readonly kustomization?: Mapping;
  /** The order of the output when the kustomization has no `sortOptions`; default `none`, as Flux. */
  readonly reorder?: 'none' | 'legacy';
  /** Whether files outside a kustomization's own directory may be read; default `rootonly`, as kustomize. */
  readonly loadRestrictor?: LoadRestrictor;
  readonly managedByLabel?: boolean;
  /** The version that the managed-by label names; default that of the tables. Flux's programs name none of kustomize. */
  readonly version?: string;
  /** Flux loads the built-in schema first, so that `openapi.path` adds to it instead of standing in its place. */
  readonly schema?: 'preloaded';
  /** Flux reads `kustomization` before kustomize does: unknown fields are lost, numbers become texts where those belong. */
  readonly reading?: 'lenient';
  /** Accepted for the command line's sake: plugins other than the built-in ones are refused with it, too. */
  readonly alphaPlugins?: boolean;
  /** Renders `helmCharts`; absent: a chart is refused. */
  readonly helm?: HelmInflator;
  /** Answers for URLs; absent: a remote resource is refused. */
  readonly remote?: (url: string) => FileTree | undefined;
}

export interface KustomizedObject {
  readonly id: ObjectId;
  readonly node: Mapping;
}

export interface KustomizeResult {
  /** Empty when anything went wrong: then at least one problem is an error. */
  readonly objects: readonly KustomizedObject[];
  readonly problems: readonly Problem[];
  /** Every path that the build looked at: files, directories, and where nothing was. */
  readonly reads: ReadonlySet<string>;
}

export interface Kustomizer {
  build(request: KustomizeRequest): KustomizeResult;
}

/** A kustomizer with a memory: bases whose files did not change are not built again. */
export function createKustomizer(tables: KustomizeTables): Kustomizer {
  const defaults = defaultConfig(tables.fieldSpecs);
  const memo = createMemo();
  const results = createResultMemo<KustomizeResult>();
  return {
    build(request) {
      const { path, reorder = 'none', loadRestrictor = 'rootonly', managedByLabel = false } = request;
      const reads = new Map<string, Seen>();
      const make = (): KustomizeResult => build(request, tables, defaults, memo, reads);
      // What a port answers may change without a file of the tree changing.
      if (request.helm !== undefined || request.remote !== undefined) return make();
      const key = [path, reorder, loadRestrictor, managedByLabel, request.version ?? '', request.schema ?? ''].join(
        '\n',
      );
      return results.reuse(key, request.kustomization, request.tree, () => ({ value: make(), reads }));
    },
  };
}

function build(
  request: KustomizeRequest,
  tables: KustomizeTables,
  defaults: Config,
  memo: Memo,
  reads: Map<string, Seen>,
): KustomizeResult {
  const problems: Problem[] = [];
  try {
    const objects = run(request, tables, defaults, memo, reads, problems);
    return { objects, problems, reads: new Set(reads.keys()) };
  } catch (thrown) {
    if (thrown instanceof Refusal) problems.push(thrown.toProblem());
    else if (thrown instanceof RangeError)
      problems.push(error('kustomize-build', `the input nests too deeply: ${thrown.message}`));
    else throw thrown;
    return { objects: [], problems, reads: new Set(reads.keys()) };
  }
}

function run(
  request: KustomizeRequest,
  tables: KustomizeTables,
  defaults: Config,
  memo: Memo,
  reads: Map<string, Seen>,
  problems: Problem[],
): readonly KustomizedObject[] {
  const start: Loader = {
    tree: request.tree,
    root: '/',
    referrer: undefined,
    restrictor: request.loadRestrictor ?? 'rootonly',
    reads,
    remote: request.remote,
  };
  const loader: Loader = { ...start, root: confirmDirectory(start, request.path, undefined) };
  const state: Build = {
    openApi: new OpenApi(tables.openapi, tables.scopes),
    defaults,
    helm: request.helm,
    problems,
    memo,
    sources: new Map(),
    maxDepth: 100,
  };
  const { kustomization: given } = request;
  const read =
    given === undefined
      ? loadKustomization(loader, state)
      : readKustomization(given, 'kustomization.yaml', loader.root, readings[request.reading ?? 'strict']);
  for (const { message, at } of deprecatedFields(given ?? read.source)) problems.push(warn(message, at));
  if (request.schema === 'preloaded') state.openApi.advance({ builtin: 'loaded' });
  setSchema(read, loader, state);
  const options = new Set(read.buildMetadata?.map((each) => each.text));
  const tracked = options.size > 0 ? '' : undefined;
  const { map, config, vars } = accumulate(
    { loader, kustomization: read, tracked, helmNamespace: undefined, depth: 0 },
    state,
  );
  addHashes(map);
  fixBackReferences(map, config.nameReference);
  for (const unused of resolveVars(map, vars, config.varReference)) {
    problems.push(warn(`well-defined vars that were never replaced: ${unused.name?.text ?? ''}`, unused.at));
  }
  map.update((of) => {
    checkIdentity(of.node);
    return isLocal(of.node) ? undefined : of;
  });
  // Names have changed since each object was added: two may have come to be one.
  map.reset(map.resources);
  sortResources(map, read.sortOptions, request.reorder ?? 'none');
  finish(map, {
    originAnnotations: options.has('originAnnotations'),
    transformerAnnotations: options.has('transformerAnnotations'),
    managedBy: managedBy(request, read, request.version ?? tables.version),
  });
  for (const { node } of map.resources) {
    // kustomize turns every object into JSON before it prints it, and refuses what JSON cannot say.
    const fault = jsonFault(node);
    if (fault !== undefined) throw new Refusal(fault.message, fault.at);
  }
  return map.resources.map(({ node }) => ({ id: idOf(node), node }));
}

const warn = (message: string, at: Problem['at']): Problem => ({
  code: 'kustomize-build',
  severity: 'warning',
  message,
  ...(at && { at }),
});

/** Objects that are only there to configure kustomize. */
function isLocal(node: Mapping): boolean {
  const value = get(get(get(node, 'metadata'), 'annotations'), 'config.kubernetes.io/local-config');
  return value !== undefined && !isEmpty(value) && text(value) !== 'false';
}

function managedBy(
  { managedByLabel }: KustomizeRequest,
  { buildMetadata, at }: Kustomization,
  version: string,
): Parameters<typeof finish>[1]['managedBy'] {
  const asked = buildMetadata?.find((each) => each.text === 'managedByLabel');
  return asked !== undefined || managedByLabel === true ? { version, at: asked?.at ?? at } : undefined;
}
