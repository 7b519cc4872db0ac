/**
 * HelmReleases as documents: what one installs, and the values that its chart is rendered with. A release is taken as a
 * cluster directory renders it, after patches and substitution; one that no cluster renders, as its file declares it.
 */
import {
  type ClusterRoot,
  type DesiredObject,
  type DesiredSet,
  getPath,
  joinPath,
  keyOf,
  type Mapping,
  type MergedValues,
  type ObjectId,
  text,
  titleOf,
  type Workspace,
  type WorkspaceObject,
} from '../engine/index.ts';
import type { Preview, PreviewOf, ReleasePreview } from '../protocol/index.ts';
import { rangeOf } from './convert.ts';
import type { Folder } from './files.ts';
import { keyOfName, titleOfName } from './live.ts';
import type { PlannerDoors } from './planner.ts';
import { builtOf, declared, declaredIn, type PreviewDoors, problemLine, renderBuilt, withHead } from './previews.ts';
import type { Session } from './session.ts';
import { renderValues } from './values.ts';
import { type ReleaseVirtual, type Rendered, virtualUri } from './virtual.ts';

export interface ReleaseDoors extends Pick<PlannerDoors, 'render'>, Pick<PreviewDoors, 'flux'> {
  /** The values that a release's templates see; with `cluster`, of a release that this directory renders. */
  values(workspace: Workspace, release: { readonly node: Mapping }, cluster?: string): MergedValues;
}

type Rooms = Pick<Session, 'workspace' | 'files'>;

/** A release where it was found: in a cluster directory's output, or only in a file. */
interface Found {
  readonly folder: Folder;
  readonly id: ObjectId;
  readonly path: string;
  readonly cluster?: string;
}

/** Which document shows the release, or why none does, or what there is to choose from. */
export async function releasePreview(
  rooms: Rooms,
  doors: ReleaseDoors,
  of: ReleasePreview,
  signal: AbortSignal,
): Promise<Preview> {
  const found = 'object' in of ? await byName(rooms, doors, of, signal) : await byFile(rooms, doors, of, signal);
  if (!Array.isArray(found)) return found;
  const choices = found.map(({ folder, id, path, cluster }: Found) => {
    const where = { folder: folder.uri, path, owner: keyOf(id), ...(cluster === undefined ? {} : { cluster }) };
    const title = of.show === 'values' ? `Values of ${id.name}` : `HelmRelease ${id.name}`;
    return {
      label: titleOf(id),
      description: (cluster ?? path).slice(1),
      uri: virtualUri({ of: 'release', show: of.show, ...where }, title),
    };
  });
  return choices.length === 1 ? { uri: choices[0]!.uri } : { choices };
}

/** The release that a preview of a Flux object means, so that both ways show the same; undefined for other objects. */
export function asRelease(
  { files, workspace }: Rooms,
  of: Exclude<PreviewOf, ReleasePreview>,
): ReleasePreview | undefined {
  if (of.kind === 'kustomize') return undefined;
  const release = { kind: 'release', show: 'objects' } as const;
  if (of.kind === 'flux-object')
    return of.object.kind === 'HelmRelease' ? { ...release, object: of.object } : undefined;
  const at = files.locate(of.uri);
  const own = at === undefined ? [] : declaredIn(workspace(at.folder), at.path, of.line);
  const { kind: _, ...where } = of;
  return own.length > 0 && own.every(({ id }) => isRelease(id)) ? { ...release, ...where } : undefined;
}

async function byName(
  { files, workspace }: Rooms,
  doors: ReleaseDoors,
  { object }: Extract<ReleasePreview, { readonly object: unknown }>,
  signal: AbortSignal,
): Promise<Found[] | Preview> {
  const found: Found[] = [];
  for (const folder of files.folders()) {
    const inClusters = await releasesIn(workspace(folder), folder, doors, signal);
    found.push(...inClusters.filter(({ id }) => keyOf(id) === keyOfName(object)));
  }
  return found.length > 0
    ? found
    : { message: `No cluster directory of the workspace renders ${titleOfName(object)}.` };
}

async function byFile(
  { files, workspace }: Rooms,
  doors: ReleaseDoors,
  { uri, line }: Extract<ReleasePreview, { readonly uri: string }>,
  signal: AbortSignal,
): Promise<Found[] | Preview> {
  const at = files.locate(uri);
  if (at === undefined) return { message: 'The file is in none of the open folders.' };
  const { folder, path } = at;
  const program = workspace(folder);
  const own = releasesAt(program, path, line);
  const releases = own.length > 0 ? own : readersOf(program, path);
  if (releases.length === 0) return { message: 'No HelmRelease is declared in this file, and none reads it.' };
  const rendered = await releasesIn(program, folder, doors, signal);
  return releases.flatMap((release): Found[] => {
    const same = rendered.filter(({ at }) => at.file === release.node.at.file && at.start === release.node.at.start);
    return same.length > 0 ? same : [{ folder, id: release.id, path: release.path }];
  });
}

/** Every release that a cluster directory of the folder renders. */
async function releasesIn(workspace: Workspace, folder: Folder, doors: ReleaseDoors, signal: AbortSignal) {
  const all = await Promise.all(
    workspace.clusters.map(async (root) =>
      (await doors.render(workspace, root, signal))
        .filter(({ owner }) => isRelease(owner.id))
        .map(({ owner: { id, at } }) => ({ folder, id, at, path: `/${at.file}`, cluster: root.folder })),
    ),
  );
  return all.flat();
}

/** Renders every release of a folder, for what that asks: those of its cluster directories, without any each as declared. */
export async function renderReleases(
  doors: ReleaseDoors,
  workspace: Workspace,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const root of workspace.clusters) {
    if (signal.aborted) return;
    progress(root.folder.slice(1));
    await doors.render(workspace, root, signal);
  }
  if (workspace.clusters.length > 0) return;
  for (const object of workspace.objects) if (isRelease(object.id)) await doors.flux(workspace, object, signal);
}

function isRelease({ group, kind }: Pick<ObjectId, 'group' | 'kind'>): boolean {
  return group === 'helm.toolkit.fluxcd.io' && kind === 'HelmRelease';
}

/** The releases that a file declares; with a line in one of them, that one. */
function releasesAt(workspace: Workspace, path: string, line: number | undefined): readonly WorkspaceObject[] {
  const file = workspace.file(path);
  const all = (file?.objects ?? []).filter(({ id }) => isRelease(id));
  const around = all.filter(({ node }) => {
    const { start, end } = rangeOf(file!.source.text, node.at);
    return line !== undefined && start.line <= line && line <= end.line;
  });
  return around.length > 0 ? around : all;
}

/** The releases that take values from an object of the file, or whose chart it is part of. */
function readersOf(workspace: Workspace, path: string): readonly WorkspaceObject[] {
  const objects = workspace.file(path)?.objects ?? [];
  const linked = objects.flatMap((object) => workspace.linksTo(object).map(({ from }) => from));
  const charts = workspace.objects.filter(({ id, node }) => {
    const chart = isRelease(id) ? text(getPath(node, ['spec', 'chart', 'spec', 'chart'])) : undefined;
    return chart !== undefined && path.startsWith(`${joinPath('/', chart)}/`);
  });
  return [...new Set([...linked.filter(({ id }) => isRelease(id)), ...charts])];
}

/** The document of a release as the files are now. What cannot be shown is said in it, as comments. */
export async function renderRelease(
  doors: ReleaseDoors,
  workspace: Workspace,
  folder: Folder,
  virtual: ReleaseVirtual,
  signal: AbortSignal,
): Promise<Rendered> {
  const { cluster, owner, path, show } = virtual;
  const gone = { nodes: [], problems: [], note: `${cluster ?? path} no longer has this release.`.slice(1) };
  const root = workspace.clusters.find((one) => one.folder === cluster);
  if (root === undefined) {
    const object = cluster === undefined ? declared(workspace, path, owner) : undefined;
    if (object === undefined) return renderBuilt(gone, folder);
    if (show === 'objects') return renderBuilt(await doors.flux(workspace, object, signal), folder);
    return valuesDocument(doors.values(workspace, object), workspace, folder);
  }
  const { set, object } = await inCluster(doors, workspace, root, owner, signal);
  if (set === undefined || object === undefined) return renderBuilt(gone, folder);
  if (show === 'objects') return renderBuilt(builtOf(set), folder);
  return valuesDocument(doors.values(workspace, object, root.folder), workspace, folder);
}

async function inCluster(
  doors: ReleaseDoors,
  workspace: Workspace,
  root: ClusterRoot,
  owner: string,
  signal: AbortSignal,
): Promise<{ readonly set: DesiredSet | undefined; readonly object: DesiredObject | undefined }> {
  const sets = await doors.render(workspace, root, signal);
  const set = sets.find(({ owner: { id } }) => keyOf(id) === owner);
  return { set, object: sets.flatMap(({ objects }) => objects).find(({ id }) => keyOf(id) === owner) };
}

function valuesDocument({ values, problems, notes }: MergedValues, workspace: Workspace, folder: Folder): Rendered {
  const body: Rendered =
    values === undefined
      ? { text: '', spans: [] }
      : renderValues(values, (file) => workspace.tree.file(`/${file}`)?.text);
  return withHead([...problems.map(problemLine), ...notes], { ...body, folder });
}
