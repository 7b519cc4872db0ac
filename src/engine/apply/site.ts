/**
 * The clusters that an apply sends objects to: the one that the plan was made for, and those of owners with
 * `spec.kubeConfig`, which are opened anew by what the plan noted of them, so that a changed kubeconfig leads nowhere else.
 */
import { accountTitle } from '../plan/accounts.ts';
import { openRemote } from '../plan/index.ts';
import type { PlanGroup, RemoteTarget } from '../plan/plan.ts';
import { steadily } from '../plan/requests.ts';
import type { Cluster, ClusterAnswer } from '../ports.ts';
import type { SendContext } from './send.ts';

export interface Site {
  readonly cluster: Cluster;
  readonly context: SendContext;
  /** Absent for the cluster that the plan was made for. */
  readonly remote?: RemoteTarget;
  /** Why nothing can be sent there from the start. */
  readonly closed?: string;
  /** Why nothing more is sent there. */
  stopped: string | undefined;
}

export function siteOf(cluster: Cluster, context: Omit<SendContext, 'cluster'>): Site {
  return { cluster, context: { ...context, cluster }, stopped: undefined };
}

/** What an event says of a cluster that is not the plan's own. */
export function inCluster({ remote }: Pick<Site, 'remote'>): { readonly cluster?: string } {
  return remote === undefined ? {} : { cluster: remote.server };
}

/** Which cluster a site is of, whichever way it was reached and as whomever it is asked. */
export function clusterKey({ remote }: Pick<Site, 'remote'>): string {
  return remote?.identity ?? '';
}

/** The same for the cluster that a group's owner stands in. */
export function homeKey({ standsIn }: Pick<PlanGroup, 'standsIn'>): string {
  return standsIn?.identity ?? '';
}

export interface Sites {
  /** Where the objects of a group go. */
  of(group: PlanGroup): Site;
  /** Where its owner stands. */
  home(group: PlanGroup): Site;
  /** Why the plan no longer holds. */
  readonly reasons: readonly string[];
}

/**
 * Opens the clusters of some groups, each once, and as the accounts that the plan asked them as. One that cannot be opened
 * is closed; another one makes the plan stale.
 */
export async function openSites(here: Site, groups: readonly PlanGroup[]): Promise<Sites> {
  const clusters = new Map<string, Site>([['', here]]);
  const sites = new Map<string, Site>();
  const reasons: string[] = [];
  for (const { remote, standsIn, as } of groups) {
    await reach(standsIn);
    const key = keyOfSite({ remote, as });
    if (sites.has(key)) continue;
    const site = await reach(remote);
    sites.set(key, as === undefined ? site : await siteAs(site, as));
  }
  // A group whose cluster was not opened is never taken for one of this cluster.
  const of = ({ remote, as }: PlanGroup): Site =>
    sites.get(keyOfSite({ remote, as })) ?? shut(here, 'it was not opened', remote);
  const home = ({ standsIn }: PlanGroup): Site =>
    clusters.get(keyOfRemote(standsIn)) ?? shut(here, 'it was not opened', standsIn);
  return { of, home, reasons };

  async function reach(remote: RemoteTarget | undefined): Promise<Site> {
    const known = clusters.get(keyOfRemote(remote));
    if (known !== undefined || remote === undefined) return known ?? here;
    const opened = await open(await reach(remote.through), remote);
    if (opened.stale !== undefined) reasons.push(opened.stale);
    clusters.set(keyOfRemote(remote), opened.site);
    return opened.site;
  }
}

function keyOfRemote(remote: RemoteTarget | undefined): string {
  if (remote === undefined) return '';
  const { identity, namespace, from, through } = remote;
  return JSON.stringify([identity, namespace, from, keyOfRemote(through)]);
}

function keyOfSite({
  remote,
  as,
}: {
  readonly remote: RemoteTarget | undefined;
  readonly as: string | undefined;
}): string {
  return `${as ?? ''} ${keyOfRemote(remote)}`;
}

/** A cluster as an owner's service account sees it. What the account may not do is not done as anybody else. */
async function siteAs(site: Site, as: string): Promise<Site> {
  if (site.closed !== undefined) return site;
  const { cluster, context } = site;
  const answer = await steadily(() => cluster.as(as, context.signal));
  if (answer.ok) return { ...site, cluster: answer.value, context: { ...context, cluster: answer.value } };
  const message = `nothing can be sent as the service account ${accountTitle(as)}: ${answer.failure.message}`;
  return shut(site, message, site.remote);
}

/** `here` holds what leads to the other cluster. */
async function open(here: Site, remote: RemoteTarget): Promise<{ readonly site: Site; readonly stale?: string }> {
  const { cluster: home, context } = here;
  if (here.closed !== undefined) return { site: closed(here, remote, here.closed) };
  const cluster = await openRemote({
    get: (ref) => steadily(() => home.get(ref, context.signal)),
    home,
    namespace: remote.namespace,
    ref: remote.from,
  });
  if (typeof cluster === 'string') return { site: closed(here, remote, cluster) };
  if (cluster.server !== remote.server) {
    const stale = `${remote.context} leads to ${cluster.server}, and the plan was made for ${remote.server}`;
    return { site: closed(here, remote, stale), stale };
  }
  const identity = await steadily(() => cluster.identity(context.signal));
  if (!identity.ok) return { site: closed(here, remote, identity.failure.message) };
  if (identity.value !== remote.identity) {
    const stale = `${remote.server} (${remote.context}) is not the cluster that the plan was made for`;
    return { site: closed(here, remote, stale), stale };
  }
  return { site: { ...siteOf(cluster, context), remote } };
}

/** A site whose cluster answers nothing, so that nothing that was meant for it lands in another one. */
function closed(here: Site, remote: RemoteTarget, why: string): Site {
  return shut(here, `its cluster ${remote.server} (spec.kubeConfig) cannot be written to: ${why}`, remote);
}

function shut(
  { cluster: { context, server, goTypes }, context: sending }: Site,
  message: string,
  remote: RemoteTarget | undefined,
): Site {
  const no = async (): Promise<ClusterAnswer<never>> => ({ ok: false, failure: { reason: 'unreachable', message } });
  const cluster: Cluster = {
    context: remote?.context ?? context,
    server: remote?.server ?? server,
    goTypes,
    identity: no,
    capabilities: no,
    served: no,
    get: no,
    list: no,
    watch: async () => {},
    apply: no,
    patch: no,
    create: no,
    delete: no,
    mayPatch: no,
    remote: () => ({ ok: false, failure: { reason: 'unreachable', message } }),
    as: no,
  };
  return {
    ...siteOf(cluster, sending),
    ...(remote === undefined ? {} : { remote }),
    closed: message,
    stopped: message,
  };
}
