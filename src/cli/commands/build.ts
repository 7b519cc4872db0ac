/** `sluice build`: every object that Flux would apply, or what `flux build kustomization --dry-run` prints. */
import { readFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import {
  buildLikeFlux,
  createRenderer,
  type DesiredObject,
  type DesiredSet,
  hideNode,
  idOf,
  joinPath,
  type Mapping,
  type Node,
  type Origin,
  parse,
  print,
  titleOf,
  toJson,
} from '../../engine/index.ts';
import { bothOf } from '../../io/cluster/inputs.ts';
import { diskTree, snapshot } from '../../io/disk.ts';
import { renderFetched } from '../../io/fetch/index.ts';
import { createHistory, withHistory } from '../../io/history.ts';
import { loadKustomizer } from '../../io/kustomizer.ts';
import { chartLimit } from '../../io/limit.ts';
import { openFolder } from '../../io/workspace.ts';
import { type Command, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { contextOption, isRefusal } from '../context.ts';
import { clusterOption, fleetFetcher, liveOption, mappingsOf, seenBy, textOfAny } from '../fleet.ts';
import { keyringFor } from '../keys.ts';
import { formatPlace, formatProblem, printProblems, type TextOf } from '../problems.ts';

export const build: Command = {
  name: 'build',
  usage:
    '[PATH] [--cluster DIR] [--context NAME] [--fetch] [--age-key-file FILE]… [--only KIND/NS/NAME]… [--source SOURCE=DIR]… [-o yaml|json] [--origins] [--lenient-substitute|--strict-substitute]\n' +
    '       sluice build PATH --kustomization-file FILE [--strict-substitute]',
  summary: 'every object that Flux would apply for a cluster directory',
  options: {
    ...clusterOption,
    ...contextOption,
    only: { type: 'string', multiple: true },
    output: { type: 'string', short: 'o' },
    origins: { type: 'boolean' },
    'kustomization-file': { type: 'string' },
    'strict-substitute': { type: 'boolean' },
    'lenient-substitute': { type: 'boolean' },
  },
  async run(invocation) {
    const { words, options } = invocation;
    if (words.length > 1) throw new UsageError('give one PATH');
    const format = options.output ?? 'yaml';
    if (format !== 'yaml' && format !== 'json') throw new UsageError(`-o is yaml or json, not ${format}`);
    if (options.origins === true && format !== 'json') throw new UsageError('--origins goes with -o json');
    return options['kustomization-file'] === undefined ? buildFleet(invocation) : buildOne(invocation);
  },
};

/** The one Flux Kustomization of a file, its children not expanded. */
async function buildOne(invocation: Invocation): Promise<ExitCode> {
  const { words, options, cwd, err } = invocation;
  const file = String(options['kustomization-file']);
  const folder = resolve(cwd, words[0] ?? '.');
  const object = readKustomization(resolve(cwd, file), file, onlyOf(options.only));
  if (typeof object === 'string') {
    err(`sluice build: ${object}\n`);
    return 2;
  }
  const outer = folder
    .split(sep)
    .join('/')
    .replace(/^[a-z]:/i, '');
  const name = (path: string) => (path.startsWith(`${outer}/`) ? path.slice(outer.length + 1) : path);
  const tree = snapshot(diskTree('/', { name }));
  const spec = textAt(object, 'spec', 'path') ?? './';
  const path = tree.realPath(joinPath(outer, spec));
  if (path === undefined) {
    err(`sluice build: invalid resource path ${JSON.stringify(spec)}: there is no such folder under ${folder}\n`);
    return 2;
  }
  const textOf: TextOf = (at) => (at === file ? readText(resolve(cwd, file)) : tree.file(resolveName(outer, at))?.text);
  const result = buildLikeFlux({
    kustomizer: loadKustomizer(),
    tree,
    path,
    object,
    substitution: options['strict-substitute'] === true ? 'strict' : 'lenient',
    textOf,
  });
  printProblems(invocation, result.problems, textOf);
  if (!result.complete) return 2;
  if (options.output === 'json') invocation.out(asJson([{ folder: name(path), sets: [result] }], invocation, textOf));
  else invocation.out(result.text);
  return 0;
}

function resolveName(folder: string, name: string): string {
  return name.startsWith('/') ? name : `${folder}/${name}`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readKustomization(path: string, file: string, only: Only): Mapping | string {
  const source = readText(path);
  if (source === undefined) return `invalid kustomization file ${JSON.stringify(file)}: it cannot be read`;
  const { documents, problems } = parse(source, file);
  const found = documents.flatMap(({ root }) => (isKustomization(root) && only(idOf(root)) ? [root] : []));
  if (found.length > 1) return `${file} holds ${found.length} Kustomizations: choose one with --only`;
  if (found[0] !== undefined) return found[0];
  const fault = problems.find((problem) => problem.severity === 'error');
  return fault === undefined
    ? `${file} holds no Kustomization of kustomize.toolkit.fluxcd.io`
    : `${formatPlace(fault.at ?? { file, start: 0, end: 0 }, () => source)}: ${fault.message}`;
}

function isKustomization(node: Node | undefined): node is Mapping {
  if (node?.kind !== 'mapping') return false;
  const { group, kind } = idOf(node);
  return group === 'kustomize.toolkit.fluxcd.io' && kind === 'Kustomization';
}

function textAt(node: Node, ...path: readonly string[]): string | undefined {
  let at: Node | undefined = node;
  for (const key of path) at = at?.kind === 'mapping' ? at.entries.find((e) => e.key.text === key)?.value : undefined;
  return at?.kind === 'scalar' ? at.text : undefined;
}

/** Every cluster directory, or the one that `--cluster` names. */
async function buildFleet(invocation: Invocation): Promise<ExitCode> {
  const { words, options, cwd, err } = invocation;
  const folder = resolve(cwd, words[0] ?? '.');
  const mappings = mappingsOf(options.source, cwd);
  const workspace = openFolder(folder, { trusted: false, mappings }).workspace();
  if (workspace.tree.directory('/') === undefined) {
    err(`sluice build: ${words[0] ?? '.'} is no folder\n`);
    return 2;
  }
  const clusters = clusterFolders(folder, cwd, options.cluster as string | undefined, workspace);
  if (clusters.length === 0) {
    err('sluice build: no cluster directory was found: there is no gotk-sync.yaml, FluxInstance or Kustomization\n');
    return 2;
  }
  const fetcher = options.fetch === true ? fleetFetcher(workspace) : undefined;
  const sources = withHistory(createHistory(folder), fetcher);
  const textOf = textOfAny(workspace, mappings, sources);
  const live = await liveOption(invocation);
  if (live !== undefined && isRefusal(live)) {
    err(`sluice build: ${live.message}\n`);
    return 2;
  }
  const keyring = keyringFor(invocation, workspace, live?.inputs);
  const renderer = createRenderer({
    kustomizer: loadKustomizer(),
    limit: chartLimit(),
    artifact: sources.artifact,
    ...(fetcher && { chart: fetcher.chart }),
    ...(options['lenient-substitute'] === true ? { substitution: 'lenient' } : {}),
    ...(options['strict-substitute'] === true ? { substitution: 'strict' } : {}),
    ...(live && seenBy(live)),
    key: keyring.key,
  });
  const built: { readonly folder: string; readonly sets: readonly DesiredSet[] }[] = [];
  for (const cluster of clusters) {
    if (workspace.tree.directory(cluster) === undefined) {
      err(`sluice build: ${cluster.slice(1)} is no folder of ${words[0] ?? '.'}\n`);
      return 2;
    }
    const render = () => renderer.renderCluster(workspace, cluster);
    built.push({
      folder: cluster.slice(1),
      sets: await renderFetched(render, bothOf(sources, bothOf(keyring, live?.inputs)), invocation.signal),
    });
  }
  const sets = built.flatMap((cluster) => cluster.sets);
  report(invocation, sets, textOf);
  for (const note of keyring.notes()) err(`warning: ${note}\n`);
  invocation.out(options.output === 'json' ? asJson(built, invocation, textOf) : asYaml(built, onlyOf(options.only)));
  return sets.some((set) => set.problems.some((problem) => problem.severity === 'error')) ? 1 : 0;
}

/** Cluster directories as paths inside the workspace. */
function clusterFolders(
  folder: string,
  cwd: string,
  wanted: string | undefined,
  workspace: {
    readonly clusters: readonly { readonly folder: string }[];
    readonly tree: { directory(path: string): unknown };
  },
): readonly string[] {
  if (wanted === undefined) return workspace.clusters.map((cluster) => cluster.folder);
  const inside = joinPath('/', wanted);
  if (workspace.tree.directory(inside) !== undefined) return [inside];
  const below = relative(folder, resolve(cwd, wanted)).split(sep).join('/');
  return [below.startsWith('..') ? inside : joinPath('/', below)];
}

/** Problems once each, then why a set is empty or partial. */
function report(invocation: Invocation, sets: readonly DesiredSet[], textOf: TextOf): void {
  const seen = new Set<string>();
  const notes = new Map<string, Set<string>>();
  for (const set of sets) {
    for (const problem of set.problems) {
      const line = formatProblem(problem, textOf);
      if (!seen.has(line)) invocation.err(`${line}\n`);
      seen.add(line);
    }
    // A note that a problem gives at its line already is not said twice.
    if (set.note !== undefined && !set.problems.some(({ message }) => message === set.note))
      notes.set(set.note, (notes.get(set.note) ?? new Set<string>()).add(titleOf(set.owner.id)));
  }
  for (const [note, owners] of notes) invocation.err(`${[...owners].join(', ')}: ${note}\n`);
}

interface Built {
  readonly folder: string;
  readonly sets: readonly (Pick<DesiredSet, 'objects'> & { readonly owner?: DesiredSet['owner'] })[];
}

type Only = (id: { readonly kind: string; readonly namespace: string; readonly name: string }) => boolean;

/** `--only KIND/NS/NAME`, any of them; `KIND//NAME` for what has no namespace. */
function onlyOf(only: unknown): Only {
  if (!Array.isArray(only) || only.length === 0) return () => true;
  const wanted = only.map((text) => {
    const parts = String(text).split('/');
    if (parts.length !== 3) throw new UsageError(`--only wants KIND/NS/NAME, not ${text}`);
    return parts.join('/').toLowerCase();
  });
  return ({ kind, namespace, name }) => wanted.includes(`${kind}/${namespace}/${name}`.toLowerCase());
}

function asYaml(built: readonly Built[], only: Only): string {
  const objects = built.flatMap(({ sets }) => sets.flatMap((set) => set.objects)).filter(({ id }) => only(id));
  return objects.map((object) => print(masked(object), 'kyaml')).join('---\n');
}

/** A List, as Flux's own JSON output; with `--origins`, one entry beside each item that says where its fields come from. */
function asJson(built: readonly Built[], { options }: Invocation, textOf: TextOf): string {
  const only = onlyOf(options.only);
  const items: unknown[] = [];
  const origins: unknown[] = [];
  for (const { folder, sets } of built) {
    for (const set of sets) {
      const owner = set.owner && titleOf(set.owner.id);
      for (const object of set.objects) {
        if (!only(object.id)) continue;
        items.push(toJson(masked(object), 'kyaml'));
        origins.push({ cluster: folder, owner, object: titleOf(object.id), fields: fieldOrigins(object.node, textOf) });
      }
    }
  }
  const list = { apiVersion: 'v1', kind: 'List', items, ...(options.origins === true ? { origins } : {}) };
  return `${JSON.stringify(list, (_, value) => (typeof value === 'bigint' ? rawNumber(value) : value), 2)}\n`;
}

function rawNumber(value: bigint): unknown {
  const raw = (JSON as unknown as { rawJSON?(text: string): unknown }).rawJSON;
  return raw === undefined ? Number(value) : raw(String(value));
}

/** Each scalar by its JSON pointer: `file:line:column`, and the lines that it came through. */
function fieldOrigins(node: Node, textOf: TextOf): Readonly<Record<string, readonly string[]>> {
  const fields: Record<string, readonly string[]> = {};
  const visit = (at: Node, pointer: string) => {
    if (at.kind === 'mapping')
      for (const { key, value } of at.entries)
        visit(value, `${pointer}/${key.text.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    else if (at.kind === 'sequence') at.items.forEach((item, i) => void visit(item, `${pointer}/${i}`));
    else fields[pointer] = chain(at.at).map((origin) => formatPlace(origin, textOf));
  };
  visit(node, '');
  return fields;
}

function chain(origin: Origin): readonly Origin[] {
  return origin.via === undefined ? [origin] : [origin, ...chain(origin.via)];
}

/** The object with values that came from Secrets replaced. */
function masked({ node, secretValues = [] }: DesiredObject): Mapping {
  return hideNode(node, secretValues) as Mapping;
}
