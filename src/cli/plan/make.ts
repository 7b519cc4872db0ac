/** Making the plans that `diff` and `apply` show: one for each cluster directory, against a commit or a live context. */
import { type Cluster, type DesiredSet, type Plan, planAgainst, planLive } from '../../engine/index.ts';
import { type Fleet, type Live, liveOf, type Root } from '../fleet.ts';
import type { PartFor } from './only.ts';

export interface Made {
  readonly root: Root;
  readonly wanted: readonly DesiredSet[];
  readonly plan: Plan;
  /** What it was rendered for, against a cluster. */
  readonly live?: Live;
}

export interface MakeOptions {
  readonly signal: AbortSignal;
  /** What `--only` asks for. */
  readonly part: PartFor;
}

/** Throws a GitError with one sentence when there is no such revision. */
export async function plansAgainst(
  fleet: Fleet,
  revision: string,
  { signal, part }: MakeOptions,
): Promise<readonly Made[]> {
  const baselines = await fleet.renderAt(revision, fleet.roots, signal);
  const made = fleet.roots.map(async (root, index): Promise<Made> => {
    const wanted = await fleet.render(root, signal);
    const whole = planAgainst(baselines[index]!, wanted, revision);
    return { root, wanted, plan: part(wanted)?.of(whole) ?? whole };
  });
  return Promise.all(made);
}

export async function planFor(
  fleet: Fleet,
  root: Root,
  cluster: Cluster,
  { signal, part: partFor }: MakeOptions,
): Promise<Made> {
  const live = await liveOf(cluster, signal);
  const wanted = await fleet.render(root, signal, live);
  const part = partFor(wanted);
  const plan = await planLive(cluster, wanted, { signal, ...(part === undefined ? {} : { part }) });
  return { root, wanted, live, plan };
}

/** The cluster directory that a live cluster follows, or a sentence that says why it cannot be told. */
export async function rootFor(fleet: Fleet, cluster: Cluster, signal: AbortSignal): Promise<Root | string> {
  const { roots } = fleet;
  if (roots.length === 1) return roots[0]!;
  const matching: Root[] = [];
  for (const root of roots) {
    const id = root.sync?.kustomization?.id;
    if (id === undefined) continue;
    const { kind, namespace, name } = id;
    const live = await cluster.get({ apiVersion: `${id.group}/${id.version}`, kind, namespace, name }, signal);
    if (!live.ok && ['unreachable', 'unauthorized'].includes(live.failure.reason)) return live.failure.message;
    const spec = live.ok ? (live.value.spec as { readonly path?: string } | undefined) : undefined;
    if (spec?.path !== undefined && cleaned(spec.path) === root.folder) matching.push(root);
  }
  if (matching.length === 1) return matching[0]!;
  const names = roots.map(({ folder }) => folder.slice(1)).join(', ');
  return `${cluster.context} does not say which cluster directory it follows; give --cluster, one of: ${names}`;
}

function cleaned(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return `/${parts.join('/')}`;
}
