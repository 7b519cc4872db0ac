/**
 * The cluster of this window: which context is chosen, how the connection to it is, and what the watches have seen.
 * It connects on first use, never writes a kubeconfig, and drops everything when another context is chosen, so that an
 * answer of the old cluster can never show up under the new one's name.
 */
import type { Cluster, ClusterAnswer, ClusterFailure, Protection } from '../engine/index.ts';
import { type ClusterFacts, clusterFacts } from '../io/cluster/facts.ts';
import { type ClusterInputs, createInputs } from '../io/cluster/inputs.ts';
import type { ClusterState, Contexts, Settings } from '../protocol/index.ts';
import { barred, guardOf } from './protection.ts';
import { type Remembering, rememberDryRuns } from './remember.ts';
import { createStore, type Store } from './store.ts';

/** How the outside is reached; `main.ts` makes it from `io`, a test from plain objects. */
export interface LinkPorts {
  /** Milliseconds since the epoch. */
  now(): number;
  contexts(settings: Settings): Promise<Contexts> | Contexts;
  /** The cluster of a context; nothing is sent yet. */
  connect(context: string, settings: Settings, workspaces: readonly string[]): ClusterAnswer<Cluster>;
  /** Told what a render has to know of the cluster, before anyone gets to use it; undefined when it is dropped. */
  learn?(facts: ClusterFacts | undefined, inputs?: ClusterInputs): void;
}

export interface LinkOptions {
  readonly ports: LinkPorts;
  settings: Settings;
  trusted: boolean;
  /** Paths of the open folders: a kubeconfig inside one is trusted less. */
  readonly workspaces: () => readonly string[];
  /** The context that this window chose before. */
  readonly chosen?: string;
}

/** What a chosen and answering cluster offers; it is thrown away as a whole. */
export interface Linked {
  readonly cluster: Cluster;
  readonly store: Store;
  /** The same cluster for plans, which are made again and again: its dry runs are remembered for a moment. */
  readonly planning: Remembering;
  /** Aborted when another context is chosen or the server ends. */
  readonly signal: AbortSignal;
  /** Asks again what a render has to know: after an apply there are other releases. */
  learn(): Promise<void>;
}

export interface Link {
  state(): ClusterState;
  contexts(): Promise<Contexts>;
  choose(context: string): Promise<ClusterState>;
  /** Connects when that has not been tried; undefined when there is no cluster, and then `state` says why. */
  linked(): Promise<Linked | undefined>;
  /** Connects anew: another try, a changed kubeconfig, newly installed kinds. */
  refresh(): Promise<ClusterState>;
  settings(settings: Settings): void;
  /**
   * Why nothing may be written to the chosen context, nor to the servers that its objects lead to; undefined when it may.
   * `confirmed`: its name, as typed.
   */
  barred(confirmed: string | undefined, others?: readonly string[]): string | undefined;
  /** Whether a server that an object leads to is protected. */
  protection(server: string): Protection;
  trust(): void;
  /** Whether processes may be started and clusters talked to. */
  trusted(): boolean;
  onState(listener: (state: ClusterState) => void): void;
  onLive(listener: (kinds: ReadonlySet<string>) => void): void;
  dispose(): void;
}

/** A cluster that could not be reached is tried again after this, in milliseconds. */
const retryAfter = 15_000;

export function createLink(options: LinkOptions): Link {
  let { settings, trusted, chosen } = options;
  let state: ClusterState = trusted ? { state: 'idle', message: '' } : untrusted;
  let current: Promise<Linked | undefined> | undefined;
  let abort = new AbortController();
  let retry: NodeJS.Timeout | undefined;
  const stateListeners: ((state: ClusterState) => void)[] = [];
  const liveListeners: ((kinds: ReadonlySet<string>) => void)[] = [];

  function say(next: ClusterState): void {
    state = guarded(next);
    for (const listener of stateListeners) listener(state);
  }

  function guarded(next: ClusterState): ClusterState {
    const names = [next.context, next.server].filter((name) => name !== undefined && name !== '') as string[];
    return next.context === undefined ? next : { ...next, ...guardOf(names, settings) };
  }

  async function contexts(): Promise<Contexts> {
    const found = await options.ports.contexts(settings);
    const name = chosen ?? found.chosen;
    const { chosen: _, ...rest } = found;
    return name === undefined ? rest : { ...rest, chosen: name };
  }

  async function connect(signal: AbortSignal): Promise<Linked | undefined> {
    if (!trusted) return void say(untrusted);
    const known = await contexts();
    if (signal.aborted) return undefined;
    const failed = nothingToConnectTo(known);
    if (failed !== undefined) return void say(failed);
    const context = known.chosen!;
    const server = known.contexts.find((one) => one.name === context)?.server ?? '';
    say({ state: 'connecting', context, server, message: `Connecting to ${context}` });
    const answer = options.ports.connect(context, settings, options.workspaces());
    const reached = answer.ok ? await answer.value.capabilities(signal) : answer;
    if (signal.aborted) return undefined;
    if (!answer.ok || !reached.ok) {
      const { failure } = reached as { failure: ClusterFailure };
      if (failure.reason === 'unreachable') retry = setTimeout(() => void refresh(), retryAfter).unref();
      return void say({ state: 'failed', context, server, message: failure.message });
    }
    const connected: ClusterState = {
      state: 'connected',
      context,
      server,
      message: `Kubernetes ${reached.value.version}`,
    };
    const inputs = createInputs(answer.value, { keep: 30_000, now: options.ports.now });
    const learn = async () => {
      const facts = await clusterFacts(answer.value, signal);
      if (!signal.aborted) options.ports.learn?.(facts, inputs);
    };
    await learn();
    if (signal.aborted) return undefined;
    say(connected);
    const store = createStore(answer.value, signal, (kinds) => {
      if (signal.aborted) return;
      const trouble = store.trouble();
      const next: ClusterState =
        trouble === undefined ? connected : { state: 'lost', context, server, message: trouble.message };
      if (next.state !== state.state) say(next);
      for (const listener of liveListeners) listener(kinds);
    });
    const dryRuns = rememberDryRuns(answer.value, { keep: 30_000, now: options.ports.now });
    const planning = {
      ...dryRuns,
      forget() {
        dryRuns.forget();
        inputs.renew();
      },
    };
    return { cluster: answer.value, planning, store, signal, learn };
  }

  function drop(): void {
    clearTimeout(retry);
    abort.abort();
    abort = new AbortController();
    current = undefined;
  }

  function linked(): Promise<Linked | undefined> {
    current ??= connect(abort.signal);
    return current;
  }

  async function refresh(): Promise<ClusterState> {
    drop();
    await linked();
    return state;
  }

  return {
    state: () => state,
    contexts,
    choose(context) {
      if (chosen !== context) options.ports.learn?.(undefined);
      chosen = context;
      return refresh();
    },
    linked,
    refresh,
    settings(next) {
      settings = next;
      if (current !== undefined) void refresh();
    },
    barred(confirmed, others = []) {
      const { context, server } = state;
      return context === undefined ? undefined : barred({ context, server, others }, settings, confirmed);
    },
    protection: (server) => guardOf([server], settings)?.protection ?? 'open',
    trust() {
      if (trusted) return;
      trusted = true;
      void refresh();
    },
    trusted: () => trusted,
    onState: (listener) => void stateListeners.push(listener),
    onLive: (listener) => void liveListeners.push(listener),
    dispose: drop,
  };
}

const untrusted: ClusterState = {
  state: 'untrusted',
  message: 'Trust this workspace to talk to a cluster: until then nothing is sent and no credential is read.',
};

function nothingToConnectTo(known: Contexts): ClusterState | undefined {
  if (known.contexts.length === 0) {
    const where = known.files.length === 0 ? '' : ` in ${known.files.join(', ')}`;
    return { state: 'no-kubeconfig', message: known.problems[0] ?? `There is no context${where}.` };
  }
  if (known.chosen === undefined) return { state: 'no-context', message: 'No context is chosen.' };
  if (!known.contexts.some((one) => one.name === known.chosen)) {
    return { state: 'no-context', message: `The kubeconfig has no context ${known.chosen}.` };
  }
  return undefined;
}
