/** Every virtual document by what it is of; previews are kept for one state of the files and told when that is over. */
import { secretsBehind, type Workspace } from '../engine/index.ts';
import { builtAsCluster } from './as-cluster.ts';
import type { Files, Folder } from './files.ts';
import type { Link } from './link.ts';
import { maskLive } from './live.ts';
import type { Planner, PlannerDoors } from './planner.ts';
import { declared, type PreviewDoors, renderBuilt } from './previews.ts';
import { type ReleaseDoors, renderRelease } from './releases.ts';
import type { Session } from './session.ts';
import { queryOf, type Rendered, renderLive, type Virtual } from './virtual.ts';

export interface Renderer {
  render(virtual: Virtual, signal: AbortSignal): Promise<Rendered>;
  /** Hears which documents to read again: the queries of their URIs. */
  onRendered(listener: (queries: readonly string[]) => void): void;
  /** What was rendered may be another now though no file changed: a chart arrived. */
  renew(): void;
}

export interface RendererOptions {
  readonly doors: PreviewDoors & ReleaseDoors & Pick<PlannerDoors, 'render'>;
  /** In milliseconds. */
  readonly pause: number;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Previews beyond these are forgotten, the oldest first; each holds one rendered text. */
const kept = 20;

type Rooms = Pick<Session, 'workspace'> & {
  readonly files: Files;
  readonly link: Link;
  readonly planner: Planner;
};
type PreviewVirtual = Extract<Virtual, { readonly of: 'kustomize' | 'flux' | 'release' }>;

export function createRenderer(rooms: Rooms, { doors, pause, now }: RendererOptions): Renderer {
  const { files, link, planner } = rooms;
  const previews = new Map<string, { readonly workspace: Workspace; readonly rendered: Rendered }>();
  const listeners: ((queries: readonly string[]) => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** How long the last build took: one that takes long is not made again with every pause. */
  let lasted = 0;

  files.onChange(() => {
    clearTimeout(timer);
    if (previews.size === 0) return;
    timer = setTimeout(
      () => {
        for (const listener of listeners) listener([...previews.keys()]);
      },
      Math.max(pause, 2 * lasted),
    );
  });

  async function preview(virtual: PreviewVirtual, signal: AbortSignal): Promise<Rendered> {
    const folder = files.folders().find((one) => one.uri === virtual.folder);
    if (folder === undefined) return { text: '# The folder is no longer open.\n', spans: [] };
    const workspace = rooms.workspace(folder);
    const query = queryOf(virtual);
    const known = previews.get(query);
    if (known?.workspace === workspace) return known.rendered;
    const started = now();
    const rendered =
      virtual.of === 'release'
        ? await renderRelease(doors, workspace, folder, virtual, signal)
        : await builtPreview(workspace, folder, virtual, signal);
    lasted = now() - started;
    previews.delete(query);
    previews.set(query, { workspace, rendered });
    for (const oldest of previews.keys()) if (previews.size > kept) previews.delete(oldest);
    return rendered;
  }

  async function builtPreview(
    workspace: Workspace,
    folder: Folder,
    virtual: Exclude<PreviewVirtual, { readonly of: 'release' }>,
    signal: AbortSignal,
  ): Promise<Rendered> {
    const inCluster =
      virtual.of === 'flux' && virtual.cluster !== undefined
        ? await builtAsCluster(doors, link, workspace, virtual, signal)
        : undefined;
    if (inCluster !== undefined) return renderBuilt(inCluster.built, folder, inCluster.head);
    return renderBuilt(await build(workspace, virtual, signal), folder);
  }

  async function build(
    workspace: Workspace,
    virtual: Exclude<PreviewVirtual, { readonly of: 'release' }>,
    signal: AbortSignal,
  ) {
    if (virtual.of === 'kustomize') return doors.kustomize(workspace, virtual.path);
    const object = declared(workspace, virtual.path, virtual.owner);
    if (object !== undefined) return await doors.flux(workspace, object, signal);
    return { nodes: [], problems: [], note: `${virtual.path.slice(1)} no longer declares this object.` };
  }

  async function live(virtual: Extract<Virtual, { readonly of: 'live' }>, signal: AbortSignal): Promise<Rendered> {
    const linked = await link.linked();
    const answer = await linked?.cluster.get(virtual.object, signal);
    if (linked !== undefined && answer?.ok) {
      const secrets = await secretsBehind((ref) => linked.cluster.get(ref, signal), answer.value);
      return renderLive(maskLive(answer.value, secrets));
    }
    const message = answer === undefined || answer.ok ? link.state().message : answer.failure.message;
    return { text: `# ${message.replaceAll('\n', '\n# ')}\n`, spans: [] };
  }

  return {
    async render(virtual, signal) {
      if (virtual.of === 'live') return await live(virtual, signal);
      if (virtual.of === 'plan') return planner.render(virtual.entry, virtual.side);
      return await preview(virtual, signal);
    },
    onRendered: (listener) => void listeners.push(listener),
    renew() {
      const queries = [...previews.keys()];
      previews.clear();
      for (const listener of listeners) listener(queries);
    },
  };
}
