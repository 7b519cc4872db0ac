/**
 * A Flux object as a cluster would see it: rendered from that cluster directory, after what its parents patch and
 * substitute, with what the chosen context knows. The header says which cluster that is, and whose the values are.
 */
import { keyOf, type ObjectId, titleOf, type Workspace } from '../engine/index.ts';
import type { Preview } from '../protocol/index.ts';
import type { Link } from './link.ts';
import type { PlannerDoors } from './planner.ts';
import { type Built, builtOf, type PreviewDoors } from './previews.ts';
import type { Session } from './session.ts';
import { type FluxVirtual, parseVirtual, virtualUri } from './virtual.ts';

type Doors = PreviewDoors & Pick<PlannerDoors, 'render'>;

/** How long a preview waits for a context that is not connected yet, in milliseconds. */
const patience = 3000;

/** The same preview as every cluster directory has it that renders the object; as it is, where none does. */
export async function inClusters(session: Session, preview: Preview, signal: AbortSignal): Promise<Preview> {
  const asked =
    preview.choices ?? (preview.uri === undefined ? [] : [{ label: '', description: '', uri: preview.uri }]);
  const choices = (await Promise.all(asked.map((choice) => spread(session, choice, signal)))).flat();
  if (choices.length === 0) return preview;
  return choices.length === 1 ? { uri: choices[0]!.uri } : { choices };
}

type Choice = NonNullable<Preview['choices']>[number];

async function spread(session: Session, choice: Choice, signal: AbortSignal): Promise<readonly Choice[]> {
  const virtual = parseVirtual(choice.uri);
  const folder = session.files.folders().find((one) => virtual?.of === 'flux' && one.uri === virtual.folder);
  if (virtual?.of !== 'flux' || folder === undefined) return [choice];
  const workspace = session.workspace(folder);
  const found = await Promise.all(
    workspace.clusters.map(async (root): Promise<readonly Choice[]> => {
      const owner = ownerIn(await session.doors.render(workspace, root, signal), virtual)?.owner;
      if (owner === undefined) return [];
      const cluster = root.folder.slice(1) || '.';
      const uri = virtualUri({ ...virtual, cluster: root.folder }, `${titleFor(owner.id)} in ${cluster}`);
      return [{ label: titleOf(owner.id), description: cluster, uri }];
    }),
  );
  const all = found.flat();
  // In one cluster only, the file says more than its directory.
  if (all.length === 1) return [{ ...all[0]!, description: choice.description || all[0]!.description }];
  return all.length === 0 ? [choice] : all;
}

const titleFor = ({ kind, name }: ObjectId): string => `${kind} ${name}`;

type Sets = Awaited<ReturnType<Doors['render']>>;

/** The object of that name that comes from the very file; a twin of another file is another one. */
function ownerIn(sets: Sets, { owner, path }: FluxVirtual): Sets[number] | undefined {
  return sets.find((set) => keyOf(set.owner.id) === owner && `/${set.owner.at.file}` === path);
}

/** What the cluster directory makes of it, and what to say above. */
export async function builtAsCluster(
  doors: Doors,
  link: Link,
  workspace: Workspace,
  virtual: FluxVirtual,
  signal: AbortSignal,
): Promise<{ readonly built: Built; readonly head: readonly string[] } | undefined> {
  const root = workspace.clusters.find(({ folder }) => folder === virtual.cluster);
  if (root === undefined) return undefined;
  await connected(link);
  const set = ownerIn(await doors.render(workspace, root, signal), virtual);
  if (set === undefined) return undefined;
  return { built: builtOf(set), head: [headline(link, doors, root.folder.slice(1) || '.')] };
}

/** A context that does not answer soon must not keep the preview back: it is made again once it does. */
async function connected(link: Link): Promise<void> {
  if (!link.trusted()) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, patience);
  });
  await Promise.race([link.linked(), late]);
  clearTimeout(timer);
}

function headline(link: Link, doors: Doors, cluster: string): string {
  const { state, context, message } = link.state();
  if (state !== 'connected' && state !== 'lost')
    return `${cluster}, with no cluster at hand: as the newest Flux builds it.`;
  const flux = doors.fluxVersion?.();
  const versions = [message, ...(flux === undefined ? [] : [`Flux ${flux}`])].join(', ');
  return `${cluster}, as context ${context} would see it: ${versions}.`;
}
