/**
 * One Flux Kustomization to objects: its folder's kustomization with the object's own fields merged in, built by
 * kustomize, decrypted, substituted, labelled. The order of steps is kustomize-controller's.
 */
import type { KustomizationView, StringEntry } from '../flux/index.ts';
import type { Kustomizer } from '../kustomize/index.ts';
import { hideInProblems } from '../objects/hide.ts';
import { idOf, isObject, type ObjectId, titleOf } from '../objects/object.ts';
import type { FileTree } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import { kustomizationFile } from '../workspace/index.ts';
import { get, type Mapping, mapping, type Node, type Origin, remove, set, str, text } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import { secretsCopied } from './copied.ts';
import type { DesiredObject } from './desired.ts';
import { generateKustomization } from './generate.ts';
import { maskEncrypted } from './mask.ts';
import { isEncrypted, type Opened, type OpenKey } from './sops.ts';
import { createDecryptor, isDecryptionDisabled, openedTree } from './sopsfiles.ts';
import { mentionsVariables, substituteObject } from './substitute.ts';
import { readVariables, type Variables, type VariablesRequest } from './variables.ts';

/** Opens what SOPS closed; the object as it is when it is not encrypted. */
export type Decrypt = (object: Mapping) => Opened;

export interface BuildRequest {
  readonly kustomizer: Kustomizer;
  /** The artifact; its root is the source's root. */
  readonly tree: FileTree;
  /** The folder to build, as a path of the artifact. */
  readonly path: string;
  readonly view: KustomizationView;
  /** The Flux Kustomization's name and namespace, for its labels; absent for a plain directory. */
  readonly owner?: { readonly name: Node; readonly namespace: Node };
  readonly at: Origin;
  /** `flux build --dry-run` differs from the controller: it filters, masks, and drops what is no object. */
  readonly as: 'command-line' | 'controller';
  readonly substitution: 'strict' | 'lenient';
  readonly namespace: string;
  /** Values in the Kustomization itself that came from a Secret: whatever they were put into has them, too. */
  readonly secretValues?: readonly string[];
  readonly input?: VariablesRequest['input'];
  readonly openKey?: OpenKey;
  textOf(file: string): string | undefined;
}

export interface BuildResult {
  /** In kustomize's order. */
  readonly objects: readonly DesiredObject[];
  readonly problems: readonly Problem[];
  readonly complete: boolean;
  /** Paths of the artifact that kustomize looked at. */
  readonly reads: ReadonlySet<string>;
  /** ConfigMaps and Secrets that variables were read from. */
  readonly inputs: readonly Mapping[];
  readonly notes: readonly string[];
}

export function build(request: BuildRequest): BuildResult {
  const { secretValues = [] } = request;
  const { secrets, ...built } = buildOpenly(request);
  const problems = hideInProblems(built.problems, [...new Set([...secretValues, ...secrets])]);
  return { ...built, problems };
}

/** What was read in the clear on the way, for whoever tells what went wrong. */
type Open = BuildResult & { readonly secrets: readonly string[] };

function buildOpenly(request: BuildRequest): Open {
  const { tree, path, view } = request;
  const failed = (
    problems: readonly Problem[],
    reads: BuildResult['reads'] = new Set(),
    secrets: readonly string[] = [],
  ): Open => ({
    secrets,
    objects: [],
    problems,
    complete: false,
    reads,
    inputs: [],
    notes: [],
  });
  if (tree.directory(path) === undefined) {
    const at = view.path?.node.at ?? request.at;
    return failed([error('file-missing', `kustomization path not found: ${path} is not a folder of the source`, at)]);
  }
  const filter = request.as === 'command-line' ? 'as-command-line' : 'as-controller';
  const generated = generateKustomization({ tree, path, view, at: request.at, filter });
  if (generated.kustomization === undefined) return failed(generated.problems);
  const { kustomization } = generated;
  const readable = openSources(request);
  if ('message' in readable)
    return failed([error('sops-decrypt', readable.message, view.decryption?.node.at ?? request.at)]);
  const built = request.kustomizer.build({
    tree: readable.tree,
    path,
    kustomization,
    loadRestrictor: 'none',
    schema: 'preloaded',
    reading: 'lenient',
    version: '(devel)',
  });
  const problems = [...generated.problems, ...built.problems];
  // The build is handed the folder's own file as Flux changes it, and does not read that one itself.
  const own = kustomizationFile(tree, path);
  const reads = new Set([...(own === undefined ? [] : [own]), ...built.reads]);
  if (hasError(problems)) return failed(problems, reads, readable.secretValues);
  const nodes = built.objects.map((object) => object.node);
  return finish(request, nodes, { problems, reads, opened: readable.secretValues });
}

/** Generators and patches read their encrypted sources in the clear, as in the cluster. */
function openSources({ as, tree, path, view, openKey = nobody }: BuildRequest): ReturnType<typeof openedTree> {
  const wanted = as === 'controller' && view.decryption?.provider === 'sops';
  return wanted ? openedTree(tree, path, openKey) : { tree, secretValues: [] };
}

function finish(
  request: BuildRequest,
  built: readonly Mapping[],
  so: Pick<BuildResult, 'problems' | 'reads'> & { readonly opened: readonly string[] },
): Open {
  const { view, secretValues: handed = [] } = request;
  const { reads } = so;
  const problems = [...so.problems];
  const notes: string[] = [];
  const active = view.postBuild !== undefined;
  const asked = {
    view,
    namespace: request.namespace,
    secretValues: handed,
    ...(request.input === undefined ? {} : { input: request.input }),
  };
  const variables = active ? readVariables(asked) : { values: new Map(), unknown: [], inputs: [], problems: [] };
  const substituting =
    active && (variables.values.size > 0 || variables.unknown.length > 0 || view.substituteStrategy === 'Always');
  problems.push(...variables.problems);
  if (variables.unknown.length > 0)
    notes.push(`variables of ${[...new Set(variables.unknown)].join(', ')} are not known here`);
  const opener = secretOpener(request);
  const copied = secretsCopied(built);
  const objects: DesiredObject[] = [];
  const guessed: ObjectId[] = [];
  for (const resource of built) {
    const fault = request.as === 'controller' ? identityFault(resource) : undefined;
    if (fault !== undefined) {
      problems.push(fault);
      continue;
    }
    let node = resource;
    const secretValues = [...handed, ...copied(resource)];
    if (request.as === 'controller') {
      const opened = opener(node);
      if ('message' in opened) {
        problems.push(opened);
        if (opened.code === 'sops-locked' && isNamedByContent(node)) guessed.push(idOf(node));
      } else {
        node = opened.node;
        secretValues.push(...opened.secretValues);
      }
      if (so.opened.length > 0) secretValues.push(...valuesIn(node, so.opened));
    }
    let unresolved: readonly string[] = [];
    if (substituting && !isDisabled(node, 'kustomize.toolkit.fluxcd.io/substitute') && mentionsVariables(node)) {
      const result = substituteObject({
        node,
        variables: variables.values,
        mode: request.substitution,
        unknown: variables.unknown.length > 0,
        textOf: request.textOf,
      });
      if ('message' in result) {
        problems.push(error('flux-substitution', `${titleOf(idOf(node))}: ${result.message}`, result.at));
        continue;
      }
      node = result.node;
      secretValues.push(...result.secretValues);
      ({ unresolved } = result);
      if (unresolved.length > 0)
        notes.push(`${titleOf(idOf(node))} uses ${unresolved.map((name) => `\${${name}}`).join(', ')}`);
    }
    if (request.as === 'command-line') {
      const masked = maskEncrypted(node);
      if (typeof masked === 'string') {
        problems.push(error('flux-build', masked, node.at));
        continue;
      }
      node = masked;
    }
    for (const item of flatten(node)) {
      if (request.as === 'controller' && request.owner !== undefined) problems.push(...labelWarning(item));
      const labelled = withCommonMetadata(withOwner(item, request), view);
      const id = idOf(labelled);
      objects.push({
        id,
        node: labelled,
        ...(secretValues.length === 0 ? {} : { secretValues }),
        ...(unresolved.length === 0 ? {} : { unresolved }),
      });
    }
  }
  for (const id of guessed)
    notes.push(`${titleOf(id)} has another name in the cluster, by what is encrypted: nothing is deleted`);
  return {
    objects: guessed.length === 0 ? objects : withoutGuesses(objects, guessed),
    problems,
    complete: !hasError(problems) && guessed.length === 0,
    reads,
    inputs: variables.inputs,
    notes,
    secrets: [
      ...so.opened,
      ...secretVariables(variables.values),
      ...objects.flatMap(({ secretValues = [] }) => secretValues),
    ],
  };
}

function secretVariables(variables: Variables['values']): readonly string[] {
  return [...variables.values()].flatMap(({ secret, value }) => (secret && value !== '' ? [value] : []));
}

/** A generated Secret whose name ends in the checksum of a file that stayed encrypted: the name is a guess. */
function isNamedByContent(node: Mapping): boolean {
  return !isEncrypted(node) && /-[a-z0-9]{10}$/.test(idOf(node).name);
}

/** Secrets of a guessed name, and what refers to them, are shown and never compared or sent. */
function withoutGuesses(objects: readonly DesiredObject[], guessed: readonly ObjectId[]): readonly DesiredObject[] {
  return objects.map((object) => {
    const names = new Set(
      valuesIn(
        object.node,
        guessed.map(({ name }) => name),
      ),
    );
    if (names.size === 0) return object;
    const unknown = guessed.filter(({ name }) => names.has(name)).map((id) => `the name of ${titleOf(id)}`);
    return { ...object, unresolved: [...(object.unresolved ?? []), ...unknown] };
  });
}

/**
 * Opens what SOPS closed. Without a key the object stays as it is, and the problem says so: in the cluster Flux may well
 * have one. Without `spec.decryption` Flux refuses an encrypted Secret.
 */
function secretOpener({
  view,
  openKey = nobody,
}: BuildRequest): (node: Mapping) => Problem | Exclude<Opened, { message: string }> {
  const decrypt = createDecryptor(openKey);
  return (node) => {
    const same = { node, secretValues: [] };
    if (isDecryptionDisabled(node)) return same;
    const title = titleOf(idOf(node));
    if (view.decryption === undefined) {
      if (idOf(node).kind !== 'Secret' || get(node, 'sops') === undefined) return same;
      const message = `${title} is SOPS encrypted, configuring decryption is required for this secret to be reconciled`;
      return error('sops-decrypt', message, node.at);
    }
    const opened = decrypt(node);
    if (!('message' in opened)) return opened;
    const at = opened.at ?? node.at;
    if (opened.locked === undefined)
      return error('sops-decrypt', `${title} cannot be decrypted: ${opened.message}`, at);
    const message = `${title} stays encrypted here: ${opened.message}`;
    return { code: 'sops-locked', severity: 'information', message, at };
  };
}

/** Those of the values that an object holds. */
function valuesIn(node: Node, values: readonly string[]): readonly string[] {
  const texts: string[] = [];
  const visit = (at: Node): void => {
    if (at.kind === 'scalar') texts.push(at.text);
    else if (at.kind === 'sequence') at.items.forEach(visit);
    else for (const { value } of at.entries) visit(value);
  };
  visit(node);
  return values.filter((value) => value !== '' && texts.some((each) => each.includes(value)));
}

const nobody: OpenKey = () => undefined;

export function hasError(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

function identityFault(node: Mapping): Problem | undefined {
  const { kind, name } = idOf(node);
  if (name !== '' && kind !== '' && isObject(node)) return undefined;
  return error('flux-build', 'failed to decode Kubernetes apiVersion, kind and name', node.at);
}

/** Flux's reader of manifests: lists are taken apart, what is no object or is kustomize's own is dropped. */
function flatten(node: Mapping): readonly Mapping[] {
  const items = get(node, 'items');
  if (items?.kind === 'sequence' && isObject(node)) return items.items.filter((item) => item.kind === 'mapping');
  const { group, kind, name } = idOf(node);
  if (!isObject(node) || name === '') return [];
  return kind.toLowerCase() === 'kustomization' && group === 'kustomize.config.k8s.io' ? [] : [node];
}

function isDisabled(node: Mapping, key: string): boolean {
  const metadata = get(node, 'metadata');
  return ['labels', 'annotations'].some((section) => text(get(get(metadata, section), key)) === 'disabled');
}

function withOwner(node: Mapping, { owner, at, as }: BuildRequest): Mapping {
  if (owner === undefined) return node;
  // On the command line, a label set below an explicit `labels: null` is lost.
  const labels = get(get(node, 'metadata'), 'labels');
  if (as === 'command-line' && labels?.kind === 'scalar' && resolve(labels, 'kyaml') === null) return node;
  const start = as === 'command-line' ? node : onlyStrings(node, 'labels');
  return withOwnerLabels(start, 'kustomize.toolkit.fluxcd.io', owner, at);
}

/** An object's name and namespace as nodes that labels can hold; both lead to where the object writes them. */
export function ownerOf({ id, node }: DesiredObject): { readonly name: Node; readonly namespace: Node } {
  const metadata = get(node, 'metadata');
  const at = (key: string) => get(metadata, key)?.at ?? node.at;
  return { name: str(id.name, at('name')), namespace: str(id.namespace, at('namespace')) };
}

/** The two labels by which Flux knows again what an owner applied. */
export function withOwnerLabels(
  node: Mapping,
  group: string,
  owner: { readonly name: Node; readonly namespace: Node },
  at: Origin = owner.name.at,
): Mapping {
  const name = withMetadata(node, 'labels', `${group}/name`, owner.name, at);
  return withMetadata(name, 'labels', `${group}/namespace`, owner.namespace, at);
}

export function withCommonMetadata(
  node: Mapping,
  view: Pick<KustomizationView, 'commonLabels' | 'commonAnnotations'>,
): Mapping {
  let result = node;
  const add = (section: 'labels' | 'annotations', entries: readonly StringEntry[]) => {
    if (entries.length > 0) result = onlyStrings(result, section);
    for (const { key, value } of entries)
      result = withMetadata(result, section, key.text, str(value.value, value.node.at), key.at);
  };
  add('labels', view.commonLabels);
  add('annotations', view.commonAnnotations);
  // Both are read and written again, whichever of them gets something.
  return result === node ? node : nullsAsText(nullsAsText(result, 'labels'), 'annotations');
}

/** Flux reads labels as strings; one that is none (`true`, `8080`) makes it lose them all when it sets its own. */
function onlyStrings(node: Mapping, section: string): Mapping {
  const metadata = get(node, 'metadata');
  if (metadata?.kind !== 'mapping') return node;
  if (!areStrings(get(metadata, section))) return set(node, 'metadata', remove(metadata, section));
  return nullsAsText(node, section);
}

/** Where Flux reads labels, null is an empty text. */
function nullsAsText(node: Mapping, section: string): Mapping {
  const metadata = get(node, 'metadata');
  const map = get(metadata, section);
  if (metadata?.kind !== 'mapping' || map?.kind !== 'mapping' || !areStrings(map)) return node;
  if (!map.entries.some(({ value }) => isNull(value))) return node;
  const entries = map.entries.map(({ key, value }) => ({ key, value: isNull(value) ? str('', value.at) : value }));
  return set(node, 'metadata', set(metadata, section, { ...map, entries }));
}

function areStrings(map: Node | undefined): boolean {
  if (map?.kind !== 'mapping') return true;
  return map.entries.every(({ value }) => isNull(value) || isString(value));
}

const isNull = (node: Node) => node.kind === 'scalar' && resolve(node, 'kyaml') === null;
const isString = (node: Node) => node.kind === 'scalar' && typeof resolve(node, 'kyaml') === 'string';

/** Says so, where Flux would lose the labels of an object in silence. */
function labelWarning(node: Mapping): readonly Problem[] {
  const labels = get(get(node, 'metadata'), 'labels');
  if (areStrings(labels)) return [];
  const message = `${titleOf(idOf(node))} has a label that is no string, and Flux drops all its labels: put it in quotes`;
  return [{ code: 'flux-build', severity: 'warning', message, at: labels!.at }];
}

/** The object with one label or annotation set. */
function withMetadata(node: Mapping, section: string, key: string, value: Node, keyAt: Origin): Mapping {
  const metadata = get(node, 'metadata');
  const old = metadata?.kind === 'mapping' ? metadata : mapping([], node.at);
  const inner = get(old, section);
  const labels = inner?.kind === 'mapping' ? inner : mapping([], value.at);
  return set(node, 'metadata', set(old, section, set(labels, key, value, keyAt), value.at));
}
