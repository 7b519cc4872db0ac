/**
 * What applies have left behind: owners that they suspended and nobody resumed (the cluster's own annotation says so,
 * whoever applied, from wherever), and an apply whose process ended before it did (its journal says so).
 */
import {
  type ApplyEvent,
  type Cluster,
  openWaysBack,
  type PlacedId,
  sentEverything,
  unfinished,
  type WayBack,
} from '../engine/index.ts';
import type { Journal } from '../io/journal.ts';
import type { Left, PlacedName, Suspension, Unfinished } from '../protocol/index.ts';
import type { Link, Linked } from './link.ts';
import { at, suspendedAnnotation, textAt } from './live.ts';
import { nameOfId } from './plan-view.ts';

export interface LeftBehind {
  /** As far as it is known: another cluster that does not answer holds nothing up, and is told of when it does. */
  now(): Promise<Left>;
  /** With every other cluster looked into. */
  all(): Promise<Left>;
  /** The journal of the chosen cluster, for an apply to write. */
  journal(identity: string): Journal;
  /** Puts away what an unfinished apply left. */
  forget(): Promise<void>;
  onChange(listener: (left: Left) => void): void;
  /** Looks again, and tells when it is other than before. */
  look(): Promise<void>;
  /** The cluster of that server in which something is suspended; undefined when nothing there is any more. */
  elsewhere(server: string): Promise<Cluster | undefined>;
  /** Looks again into the other clusters that Flux objects of the chosen one lead to. */
  lookElsewhere(): Promise<void>;
}

const owners = [
  { group: 'kustomize.toolkit.fluxcd.io', kind: 'Kustomization' },
  { group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease' },
];

export function createLeft(link: Link, journalOf: (identity: string) => Journal): LeftBehind {
  const listeners: ((left: Left) => void)[] = [];
  let said = '';
  /** An apply of this very process is no crash. */
  let writing = 0;

  async function journalOfChosen(): Promise<Journal | undefined> {
    const linked = await link.linked();
    const identity = await linked?.cluster.identity(linked.signal);
    return identity?.ok ? journalOf(identity.value) : undefined;
  }

  function suspension({ owner, note, away }: WayBack): Suspension {
    if (away === undefined) return { object: owner, note };
    const { server } = away.remote;
    const protection = link.protection(server);
    const object = { ...owner, cluster: server };
    return protection === 'open' ? { object, note } : { object, note, protection };
  }

  /** Other clusters are looked into when something may have changed there by Sluice, not with every news of this one. */
  let others: { readonly of: Linked; readonly found: Promise<readonly WayBack[]> } | undefined;

  let lastSeen: { readonly of: Linked; readonly ways: readonly WayBack[] } | undefined;

  function suspendedElsewhere(linked: Linked): Promise<readonly WayBack[]> {
    if (others?.of !== linked) {
      const asked = { of: linked, found: waysBackElsewhere(linked) };
      others = asked;
      void asked.found.then((ways) => {
        if (others !== asked) return;
        lastSeen = { of: linked, ways };
        void look();
      });
    }
    return others.found;
  }

  async function lookElsewhere(): Promise<void> {
    others = undefined;
    const linked = await link.linked();
    if (linked !== undefined) await suspendedElsewhere(linked);
    await look();
  }

  /** The journal is read once for each connection, not with every news of the cluster. */
  let open: { readonly of: Linked; readonly unfinished: Unfinished | undefined } | undefined;

  async function now(): Promise<Left> {
    const linked = await link.linked();
    if (linked === undefined) return { suspended: [] };
    void suspendedElsewhere(linked);
    const away = lastSeen?.of === linked ? lastSeen.ways.map(suspension) : [];
    const suspended = [...(await suspensions(linked)), ...away];
    if (open?.of !== linked && writing === 0) {
      open = { of: linked, unfinished: unfinishedOf((await journalOfChosen())?.left() ?? []) };
    }
    return open?.unfinished === undefined ? { suspended } : { suspended, unfinished: open.unfinished };
  }

  async function look(): Promise<void> {
    const left = await now();
    const words = JSON.stringify(left);
    if (words === said) return;
    said = words;
    for (const listener of listeners) listener(left);
  }

  link.onLive(() => void look());
  link.onState(({ state }) => {
    if (state === 'connected' || state === 'idle') void look();
  });

  return {
    now,
    async all() {
      const linked = await link.linked();
      if (linked !== undefined) await suspendedElsewhere(linked);
      return now();
    },
    look,
    lookElsewhere,
    async elsewhere(server) {
      const linked = await link.linked();
      const ways = linked === undefined ? [] : await suspendedElsewhere(linked);
      return ways.find(({ away }) => away?.remote.server === server)?.away?.cluster;
    },
    journal(identity) {
      const journal = journalOf(identity);
      return {
        ...journal,
        begin() {
          writing++;
          journal.begin();
        },
        close() {
          writing--;
          journal.close();
          open = undefined;
          void lookElsewhere();
        },
      };
    },
    async forget() {
      if (writing === 0) (await journalOfChosen())?.close();
      open = undefined;
      await look();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

async function waysBackElsewhere({ store, cluster, signal }: Linked): Promise<readonly WayBack[]> {
  const seen = await Promise.all(owners.map((kind) => store.settled(kind)));
  const objects = seen.flatMap((one) => ('objects' in one ? [...one.objects.values()] : []));
  if (objects.every((object) => at(object, 'spec', 'kubeConfig') === undefined)) return [];
  const open = await openWaysBack(cluster, signal);
  return open.ok ? open.value.filter(({ away }) => away !== undefined) : [];
}

async function suspensions({ store }: Linked): Promise<readonly Suspension[]> {
  const seen = await Promise.all(owners.map((kind) => store.settled(kind)));
  const objects = seen.flatMap((one) => ('objects' in one ? [...one.objects.values()] : []));
  return objects.flatMap((object): readonly Suspension[] => {
    const note = textAt(object, 'metadata', 'annotations', suspendedAnnotation);
    if (note === '' || at(object, 'spec', 'suspend') !== true) return [];
    const { name, namespace } = {
      name: textAt(object, 'metadata', 'name'),
      namespace: textAt(object, 'metadata', 'namespace'),
    };
    return [
      { object: { apiVersion: textAt(object, 'apiVersion'), kind: textAt(object, 'kind'), namespace, name }, note },
    ];
  });
}

function unfinishedOf(events: readonly ApplyEvent[]): Unfinished | undefined {
  const open = unfinished(events);
  if (open === undefined) return undefined;
  return {
    sent: sentEverything(open),
    done: open.done.map(({ id, outcome }) => ({ object: placedName(id), outcome })),
    unknown: open.unknown.map(placedName),
    notSent: open.notSent.map(placedName),
  };
}

function placedName(id: PlacedId): PlacedName {
  const name = nameOfId(id);
  return id.cluster === undefined ? name : { ...name, cluster: id.cluster };
}
