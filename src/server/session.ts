/** All that lives in one window: the open files, the chosen cluster, the current plan. `main.ts` makes it, tests too. */
import { join } from 'node:path';
import type { OpenKey, Origin, Workspace } from '../engine/index.ts';
import type { ClusterFacts } from '../io/cluster/facts.ts';
import type { ClusterInputs } from '../io/cluster/inputs.ts';
import { fleetSecrets, type SecretOf } from '../io/fetch/index.ts';
import type { Journal } from '../io/journal.ts';
import type { ObjectName, Outcome, Place, Settings, Start } from '../protocol/index.ts';
import type { Charts } from './charts.ts';
import { placeOf } from './convert.ts';
import { type Declaration, declarationOf } from './declaration.ts';
import { createFiles, type Files, type Folder } from './files.ts';
import { createLeft, type LeftBehind } from './left.ts';
import { createLink, type Link, type LinkPorts } from './link.ts';
import { createPlanner, type Planner, type PlannerDoors } from './planner.ts';
import type { PreviewDoors } from './previews.ts';
import { type ReleaseDoors, renderReleases } from './releases.ts';
import { createRenderer, type Renderer } from './renderer.ts';
import { createWorkspaces, type Surroundings } from './workspaces.ts';

export interface Session extends Renderer {
  readonly files: Files;
  readonly link: Link;
  readonly planner: Planner;
  /** The folder's files as one program; made once for each state of the files. */
  workspace(folder: Folder): Workspace;
  /** Where an origin of a folder is, for the editor; undefined for what is in no open folder. */
  place(folder: Folder, at: Origin): Place | undefined;
  /** What applies have left behind in the chosen cluster. */
  readonly left: LeftBehind;
  /** The line that declares an object of the cluster. */
  declaration(object: ObjectName, signal: AbortSignal): Promise<Declaration>;
  readonly doors: SessionPorts['doors'];
  /** Fetches the charts that the releases of the open folders ask for: the person said so. */
  fetchCharts(progress: (message: string) => void, signal: AbortSignal): Promise<Outcome>;
  settings(settings: Settings): void;
  /** Milliseconds since the epoch. */
  now(): number;
  dispose(): void;
}

export interface SessionPorts {
  readonly cluster: LinkPorts;
  readonly doors: PlannerDoors &
    PreviewDoors &
    ReleaseDoors & {
      readonly charts?: Charts;
      /** Renders from now on for a cluster of which this is known. */
      learn?(facts: ClusterFacts | undefined, inputs?: ClusterInputs): void;
      /** Renders anew what was ended by its limit. */
      retry?(): void;
      /** ConfigMaps and Secrets of the cluster that renders are for; undefined while there is none. */
      inputs?(): ClusterInputs | undefined;
      /** Which keys open encrypted files from now on; undefined: none, as before the workspace is trusted. */
      unlock?(keys: { readonly files: readonly string[]; readonly secret: SecretOf } | undefined): void;
      /** A data key of an encrypted file, once a render had it opened. */
      readonly openKey?: OpenKey;
      /** Tells what lies around the open folders. */
      meet?(surroundings: Surroundings): void;
    };
  /** How long typing must have paused before the plan and the previews follow, in milliseconds. */
  readonly pause: { readonly plan: number; readonly preview: number };
  /** The journal of the applies to a cluster. */
  journal(identity: string): Journal;
  now(): number;
}

export function createSession(ports: SessionPorts, start: Start): Session {
  const files = createFiles();
  const link = createLink({
    ports: { ...ports.cluster, learn: (facts, inputs) => ports.doors.learn?.(facts, inputs) },
    settings: start.settings,
    trusted: start.trusted,
    workspaces: () => files.folders().map((folder) => folder.path),
    ...(start.context === undefined ? {} : { chosen: start.context }),
  });
  let { sources = {} } = start.settings;
  const workspaces = createWorkspaces(files, { trusted: link.trusted, sources: () => sources });
  const { workspace } = workspaces;
  ports.doors.meet?.(workspaces);

  function place(folder: Folder, at: Origin): Place | undefined {
    const text = workspaces.textOf(folder, at.file);
    return text === undefined ? undefined : placeOf(files.uriOf(folder, at.file), text, at);
  }

  const rooms = { files, link, workspace, place };
  const planner = createPlanner(rooms, { doors: ports.doors, pause: ports.pause.plan, now: ports.now });
  const renderer = createRenderer(
    { ...rooms, planner },
    { doors: ports.doors, pause: ports.pause.preview, now: ports.now },
  );
  const { charts } = ports.doors;
  const secret = fleetSecrets((namespace, name) => {
    const found = files.folders().flatMap((folder) => workspace(folder).find({ kind: 'Secret', namespace, name }));
    return found[0]?.node;
  });
  let keyFile = start.settings.ageKeyFile ?? '';
  const unlock = () =>
    ports.doors.unlock?.(link.trusted() ? { files: keyFile === '' ? [] : [keyFile], secret } : undefined);
  unlock();
  charts?.open({
    trusted: link.trusted,
    pause: 50,
    secret,
    ...(start.storage === undefined ? {} : { folder: join(start.storage, 'charts') }),
  });
  charts?.follow(start.settings.fetchCharts === true);
  // What a release says of its chart, and what a preview takes from the cluster, depend on these.
  const seenAs = () => {
    const { state, context } = link.state();
    return `${link.trusted()} ${state === 'connected' || state === 'lost' ? context : ''}`;
  };
  let trusted = link.trusted();
  let before = seenAs();
  link.onState(() => {
    const now = seenAs();
    if (before === now) return;
    if (link.trusted() !== trusted) unlock();
    trusted = link.trusted();
    before = now;
    renderer.renew();
  });
  charts?.onArrived(() => {
    renderer.renew();
    void planner.renew();
  });
  return {
    ...rooms,
    ...renderer,
    planner,
    left: createLeft(link, ports.journal),
    doors: ports.doors,
    declaration: (object, signal) => declarationOf({ ...rooms, planner }, ports.doors, object, signal),
    now: ports.now,
    async fetchCharts(progress, signal) {
      const all = files.folders().map((folder) => ({ folder, program: workspace(folder) }));
      const render = async () => {
        for (const { program } of all) await renderReleases(ports.doors, program, progress, signal);
      };
      return (await charts?.fetch(render, signal)) ?? { ok: false, message: 'Charts cannot be fetched here.' };
    },
    settings(settings) {
      link.settings(settings);
      if (keyFile !== (settings.ageKeyFile ?? '')) {
        keyFile = settings.ageKeyFile ?? '';
        unlock();
        renderer.renew();
        void planner.renew();
      }
      if (JSON.stringify(sources) !== JSON.stringify(settings.sources ?? {})) {
        sources = settings.sources ?? {};
        renderer.renew();
        void planner.renew();
      }
      charts?.follow(settings.fetchCharts === true);
    },
    dispose() {
      charts?.dispose();
      planner.forget();
      link.dispose();
    },
  };
}
