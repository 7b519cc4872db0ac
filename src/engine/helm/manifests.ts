/**
 * Rendered files to manifests: split at `---`, hooks told apart by their annotation, everything in Helm's install
 * order. Each manifest knows where it stood in its rendered file, so that origins survive the cut.
 */
import type { Problem } from '../problem.ts';
import { get, type Mapping, type Node, text } from '../yaml/node.ts';
import { readHead } from './head.ts';
import { readDocuments } from './yaml.ts';

export interface Manifest {
  /** The template's full name: `chart/charts/sub/templates/deployment.yaml`. */
  readonly source: string;
  readonly text: string;
  /** Where the text begins in its rendered file. */
  readonly offset: number;
  /** The first document of the text; origins point into the text. Absent when it holds nothing but comments. */
  readonly root?: Node;
  readonly kind: string;
  readonly hook?: Hook;
  /** A key that the text has twice. */
  readonly duplicate?: Problem;
}

export interface Hook {
  readonly name: string;
  readonly events: readonly string[];
  readonly weight: number;
  readonly deletePolicies: readonly string[];
}

export interface Manifests {
  readonly hooks: readonly Manifest[];
  readonly manifests: readonly Manifest[];
}

export interface RenderedText {
  readonly name: string;
  readonly text: string;
}

/** Helm's installation order; kinds that are not listed come last, by name. */
const installOrder = [
  'PriorityClass',
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodSecurityPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'SecretList',
  'ConfigMap',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleList',
  'ClusterRoleBinding',
  'ClusterRoleBindingList',
  'Role',
  'RoleList',
  'RoleBinding',
  'RoleBindingList',
  'Service',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'IngressClass',
  'Ingress',
  'APIService',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];
const rank = new Map(installOrder.map((kind, index) => [kind, index]));
/** Helm 3 does not know these two, and takes them with the kinds that it does not list. */
const since4 = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];
const rank3 = new Map([...rank].filter(([kind]) => !since4.includes(kind)));

const events = new Map(
  [
    'pre-install',
    'post-install',
    'pre-delete',
    'post-delete',
    'pre-upgrade',
    'post-upgrade',
    'pre-rollback',
    'post-rollback',
    'test',
  ]
    .map((event) => [event, event])
    .concat([['test-success', 'test']]) as [string, string][],
);

/** What files were read into before, by their names: the same text is the same piece. */
export type ManifestCache = Map<string, ReadFile>;

interface ReadFile {
  readonly text: string;
  readonly pieces: readonly Piece[];
}

interface Piece {
  readonly manifest: Manifest;
  /** A hook for an event that Helm does not know is left out. */
  readonly isUnknown: boolean;
}

/** Sorts rendered files into hooks and manifests; the error is Helm's text for a document that is not YAML. */
export function sortManifests(
  files: readonly RenderedText[],
  helm: 3 | 4,
  cache: ManifestCache = new Map(),
): Manifests | { readonly error: string } {
  const hooks: Manifest[] = [];
  const manifests: Manifest[] = [];
  for (const file of [...files].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) {
    if (file.name.slice(file.name.lastIndexOf('/') + 1).startsWith('_') || file.text.trim() === '') continue;
    const read = readFile(file, helm, cache.get(file.name));
    if (typeof read === 'string') return { error: `YAML parse error on ${file.name}: ${read}` };
    cache.set(file.name, read);
    for (const { manifest, isUnknown } of read.pieces)
      if (!isUnknown) (manifest.hook === undefined ? manifests : hooks).push(manifest);
  }
  const order = helm === 3 ? rank3 : rank;
  return { hooks: byKind(hooks, order), manifests: byKind(manifests, order) };
}

function readFile({ name, text }: RenderedText, helm: 3 | 4, before: ReadFile | undefined): ReadFile | string {
  if (before?.text === text) return before;
  const known = new Map(before?.pieces.map((piece) => [piece.manifest.text, piece]));
  const pieces: Piece[] = [];
  for (const { text: own, offset } of split(text, helm)) {
    const piece = at(known.get(own) ?? readPiece(name, own, offset, helm), offset);
    if (typeof piece === 'string') return piece;
    pieces.push(piece);
  }
  return { text, pieces };
}

function at(piece: Piece | string, offset: number): Piece | string {
  if (typeof piece === 'string' || piece.manifest.offset === offset) return piece;
  return { ...piece, manifest: { ...piece.manifest, offset } };
}

/** One piece read; what is wrong with it as text. */
function readPiece(source: string, text: string, offset: number, helm: 3 | 4): Piece | string {
  const parsed = readDocuments(text, source);
  if (parsed.problems.length > 0) return parsed.problems[0]!.message;
  const root = parsed.roots[0];
  const head = readHead(root, text, helm);
  if (typeof head === 'string') return head;
  const hook = readHook(root);
  const [duplicate] = parsed.duplicates;
  const manifest: Manifest = {
    source,
    text,
    offset,
    kind: head.kind,
    ...(root !== undefined && { root }),
    ...(hook !== undefined && hook !== 'unknown' && { hook }),
    ...(duplicate !== undefined && { duplicate }),
  };
  return { manifest, isUnknown: hook === 'unknown' };
}

/** Cuts a stream at its markers as Helm does it: by text, wherever a line begins with `---`. */
export function split(stream: string, helm: 3 | 4): { readonly text: string; readonly offset: number }[] {
  const marker = helm === 3 ? /(?:^|\s*\n)---\s*/g : /^---[ \t]*/gm;
  const out: { text: string; offset: number }[] = [];
  const first = stream.length - stream.trimStart().length;
  const end = helm === 3 ? stream.trimEnd().length : stream.length;
  const body = stream.slice(first, Math.max(first, end));
  let from = 0;
  for (const match of [...body.matchAll(marker), undefined]) {
    const piece = body.slice(from, match?.index ?? body.length);
    if (piece.trim() !== '') {
      const lead = piece.length - piece.trimStart().length;
      out.push({ text: helm === 3 ? piece.trim() : piece.trimStart(), offset: first + from + lead });
    }
    if (match !== undefined) from = match.index + match[0].length;
  }
  return out;
}

/** Objects that were changed after they were cut, told apart and sorted once more as Helm 4 does it. */
export function sortObjects<Item extends { readonly source: string; readonly node: Mapping }>(items: readonly Item[]) {
  const sorted = [...items].sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : 0));
  const hooks: (Item & { readonly kind: string; readonly hook: Hook })[] = [];
  const manifests: (Item & { readonly kind: string })[] = [];
  for (const item of sorted) {
    const hook = readHook(item.node);
    const one = { ...item, kind: text(get(item.node, 'kind')) ?? '' };
    if (hook === undefined) manifests.push(one);
    else if (hook !== 'unknown') hooks.push({ ...one, hook });
  }
  return { hooks: byKind(hooks, rank), manifests: byKind(manifests, rank) };
}

function byKind<Item extends { readonly kind: string }>(
  items: readonly Item[],
  rank: ReadonlyMap<string, number>,
): readonly Item[] {
  return [...items].sort((a, b) => {
    const first = rank.get(a.kind);
    const second = rank.get(b.kind);
    if (first !== undefined && second !== undefined) return first - second;
    if (first === undefined && second === undefined) return a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0;
    return first === undefined ? 1 : -1;
  });
}

function readHook(root: Node | undefined): Hook | 'unknown' | undefined {
  const metadata = get(root, 'metadata') as Mapping | undefined;
  const annotations = get(metadata, 'annotations');
  const types = text(get(annotations, 'helm.sh/hook'));
  if (types === undefined) return undefined;
  const named = types.split(',').map((type) => events.get(type.trim().toLowerCase()));
  if (named.includes(undefined)) return 'unknown';
  const weight = text(get(annotations, 'helm.sh/hook-weight')) ?? '';
  const policies = text(get(annotations, 'helm.sh/hook-delete-policy'));
  return {
    name: text(get(metadata, 'name')) ?? '',
    events: named as string[],
    weight: /^[-+]?[0-9]+$/.test(weight) ? Number(weight) : 0,
    deletePolicies: policies?.split(',').map((policy) => policy.trim().toLowerCase()) ?? [],
  };
}
