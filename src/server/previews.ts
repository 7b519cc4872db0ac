/**
 * Previews: what a directory or a Flux object renders to, as a document that follows the files. A broken build shows what
 * is wrong as comments above what could be built, so that the document never just goes empty.
 */
import {
  type DesiredSet,
  keyOf,
  type Node,
  type Problem,
  titleOf,
  type Workspace,
  type WorkspaceObject,
} from '../engine/index.ts';
import type { Preview, PreviewOf, ReleasePreview } from '../protocol/index.ts';
import { rangeOf } from './convert.ts';
import type { Folder, Located } from './files.ts';
import { maskObject } from './mask.ts';
import type { Session } from './session.ts';
import { type Rendered, renderNodes, type Virtual, virtualUri } from './virtual.ts';

export interface PreviewDoors {
  /** What `kustomize build` makes of a directory of the workspace. */
  kustomize(workspace: Workspace, directory: string): Built;
  /** What the controller of a Flux object would send. */
  flux(workspace: Workspace, object: WorkspaceObject, signal: AbortSignal): Promise<Built>;
  /** Of the connected cluster, where it says so. */
  fluxVersion?(): string | undefined;
}

export interface Built {
  readonly nodes: readonly Node[];
  readonly problems: readonly Problem[];
  readonly note?: string;
  /** Whose the variables are: a line for each ConfigMap and Secret. */
  readonly sources?: readonly string[];
}

type Rooms = Pick<Session, 'workspace' | 'files'>;

/** Which document shows this, or why none does, or what there is to choose from. */
export function previewOf({ files, workspace }: Rooms, of: Exclude<PreviewOf, ReleasePreview>): Preview {
  if (of.kind === 'flux-object') {
    for (const folder of files.folders()) {
      const [found] = workspace(folder).find({ ...of.object });
      if (found !== undefined) return { uri: fluxUri(folder, found) };
    }
    return { message: `No file of the workspace declares ${of.object.kind} ${of.object.name}.` };
  }
  const at = files.locate(of.uri);
  if (at === undefined) return { message: 'The file is in none of the open folders.' };
  return of.kind === 'kustomize'
    ? kustomizePreview(files.tree(at.folder), at)
    : fluxPreview(workspace(at.folder), at, of.line);
}

const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** The nearest directory upwards that has a kustomization file. */
function kustomizePreview(tree: ReturnType<Rooms['files']['tree']>, { folder, path }: Located): Preview {
  for (let directory = path; ; directory = parentOf(directory)) {
    if (kustomizationNames.some((name) => tree.file(`${directory === '/' ? '' : directory}/${name}`) !== undefined)) {
      const virtual: Virtual = { of: 'kustomize', folder: folder.uri, path: directory };
      return { uri: virtualUri(virtual, `kustomize build ${directory.slice(1) || '.'}`) };
    }
    if (directory === '/') return { message: 'Neither here nor above is there a kustomization.yaml.' };
  }
}

/** The Flux object at the line, else those that take the file in. */
function fluxPreview(workspace: Workspace, { folder, path }: Located, line: number | undefined): Preview {
  const own = declaredIn(workspace, path, line);
  const builders = own.length > 0 ? own : workspace.objects.filter((object) => builds(workspace, object, path));
  if (builders.length === 0) return { message: 'No Flux Kustomization of the workspace builds this file.' };
  if (builders.length === 1) return { uri: fluxUri(folder, builders[0]!) };
  return {
    choices: builders.map((object) => ({
      label: titleOf(object.id),
      description: object.path.slice(1),
      uri: fluxUri(folder, object),
    })),
  };
}

/** The Flux objects that a file declares; with a line, the one around it. */
export function declaredIn(workspace: Workspace, path: string, line: number | undefined): readonly WorkspaceObject[] {
  const file = workspace.file(path);
  const built = (file?.objects ?? []).filter(canBuild);
  if (line === undefined || file === undefined) return built;
  const around = built.filter(({ node }) => {
    const { start, end } = rangeOf(file.source.text, node.at);
    return start.line <= line && line <= end.line;
  });
  return around.length > 0 ? around : built;
}

function canBuild({ id }: WorkspaceObject): boolean {
  return (
    id.group === 'kustomize.toolkit.fluxcd.io' || (id.group === 'helm.toolkit.fluxcd.io' && id.kind === 'HelmRelease')
  );
}

function builds(workspace: Workspace, object: WorkspaceObject, path: string): boolean {
  return object.id.group === 'kustomize.toolkit.fluxcd.io' && workspace.contents(object).has(path);
}

function fluxUri(folder: Folder, object: WorkspaceObject): string {
  const virtual: Virtual = { of: 'flux', folder: folder.uri, path: object.path, owner: keyOf(object.id) };
  return virtualUri(virtual, `${object.id.kind} ${object.id.name}`);
}

/** A set as a preview shows it: what came from a Secret, and what a Secret holds, masked. */
export function builtOf({ objects, problems, note, inputs = [] }: DesiredSet): Built {
  const nodes = objects.map(maskObject);
  // The engine says some things twice: for the set, and for the line.
  const said = problems.filter(({ message }) => message !== note);
  const sources = inputs.map(({ title, from, at }) =>
    from === 'cluster'
      ? `Values of ${title} are the cluster's.`
      : `Values of ${title} are the workspace's (${at.file}).`,
  );
  return { nodes, problems: said, sources, ...(note === undefined ? {} : { note }) };
}

/** The text of a preview, with its origins. */
export function renderBuilt(built: Built, folder: Folder, head: readonly string[] = []): Rendered {
  const { note, problems, sources = [] } = built;
  const lines = [...head, ...sources, ...problems.map(problemLine), ...(note === undefined ? [] : [note])];
  return withHead(lines, renderNodes(built.nodes, 'sigs', folder));
}

/** A text under lines of comment, broken where half an editor's width would cut them off. */
export function withHead(lines: readonly string[], { text, spans, ...rest }: Rendered): Rendered {
  const head = lines
    .flatMap((line) => line.split('\n'))
    .flatMap((line) => line.match(/.{1,52}(?:\s|$)|\S+/g) ?? [''])
    .map((line) => `# ${line}`.trimEnd().concat('\n'))
    .join('');
  const moved = spans.map(({ start, end, at }) => ({ start: start + head.length, end: end + head.length, at }));
  return { ...rest, text: head + text, spans: moved };
}

export function problemLine({ severity, message, at }: Problem): string {
  return at === undefined ? `${severity}: ${message}` : `${severity}: ${message} (${at.file})`;
}

/** The object that a virtual document is of, in the files as they are now. */
export function declared(workspace: Workspace, path: string, owner: string): WorkspaceObject | undefined {
  return workspace.file(path)?.objects.find((object) => keyOf(object.id) === owner);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
