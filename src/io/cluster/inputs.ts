/**
 * ConfigMaps and Secrets of the cluster that variables and Helm values come from, where no file of the fleet declares them,
 * and the providers of inputs whose status says what they found.
 * A render asks, and what it asked for is read before the next one; a Secret stays in memory and is never told.
 */
import {
  type Cluster,
  type Entry,
  type InputQuery,
  isObject,
  type Mapping,
  type Node,
  type ObjectRef,
  type Origin,
  type ProviderQuery,
  parse,
  type Random,
} from '../../engine/index.ts';
import { diceFor } from '../dice.ts';
import type { SecretOf } from '../fetch/access.ts';
import { type ClusterLookups, createLookups } from './lookups.ts';

export interface ClusterInputs {
  /** For the renderer: the object, as far as it was read; undefined while it was not, or when there is none. */
  input(query: InputQuery): Mapping | undefined;
  /** A ResourceSetInputProvider, in the same way. */
  provider(query: ProviderQuery): Mapping | undefined;
  /** What a chart looks up, in the same way. */
  readonly lookup: ClusterLookups['lookup'];
  /** For what a release draws in this cluster. */
  dice(of: string): Random;
  /** A Secret's entries, decoded: of one that holds the keys of encrypted files. */
  readonly secret: SecretOf;
  /** Reads what was asked for; true when another render says more. */
  fetchMissing(signal: AbortSignal): Promise<boolean>;
  /** Everything is read again when a render asks for it: the cluster was written to. */
  renew(): void;
}

interface Known {
  readonly text: string;
  readonly object: Mapping | undefined;
  at: number;
}

export interface ClusterInputsOptions {
  /** For how many milliseconds an answer is good. */
  readonly keep: number;
  now(): number;
}

export function createInputs(cluster: Cluster, { keep, now }: ClusterInputsOptions): ClusterInputs {
  const answers = new Map<string, Known>();
  /** What was asked for, and what the render was told: another one may have it read meanwhile. */
  const missing = new Map<string, { readonly ref: ObjectRef; readonly told: Mapping | undefined }>();
  const lookups = createLookups(cluster, { keep, now });

  async function read(key: string, ref: ObjectRef, signal: AbortSignal): Promise<void> {
    const { apiVersion, kind, namespace, name } = ref;
    const answer = await cluster.get(ref, signal);
    // What was given up says nothing.
    if (signal.aborted) return;
    const before = answers.get(key);
    const text = answer.ok ? JSON.stringify({ apiVersion, kind, ...answer.value }) : '';
    // What did not change stays the same object, so that nothing is rendered again for it.
    const object = before?.text === text ? before.object : objectOf(text, `cluster ${kind} ${namespace}/${name}`);
    answers.set(key, { text, object, at: now() });
  }

  function known(ref: ObjectRef): Mapping | undefined {
    const key = `${ref.kind}/${ref.namespace}/${ref.name}`;
    const answer = answers.get(key);
    if (answer === undefined || now() - answer.at >= keep) missing.set(key, { ref, told: answer?.object });
    return answer?.object;
  }

  return {
    async secret(namespace, name) {
      const answer = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name });
      const data = answer.ok ? Object.entries((answer.value.data ?? {}) as Record<string, unknown>) : undefined;
      const decoded = data?.map(
        ([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')] as const,
      );
      return decoded && Object.fromEntries(decoded);
    },
    input: ({ kind, namespace, name }) => known({ apiVersion: 'v1', kind, namespace, name }),
    provider: ({ namespace, name }) =>
      known({ apiVersion: 'fluxcd.controlplane.io/v1', kind: 'ResourceSetInputProvider', namespace, name }),
    lookup: lookups.lookup,
    dice: (of) => diceFor(`${cluster.server} ${of}`),
    async fetchMissing(signal) {
      const wanted = [...missing];
      missing.clear();
      const reads = wanted.map(([key, { ref }]) => read(key, ref, signal));
      const [more] = await Promise.all([lookups.fetchMissing(signal), ...reads]);
      return more || wanted.some(([key, { told }]) => answers.get(key)?.object !== told);
    },
    renew() {
      for (const known of answers.values()) known.at = Number.NEGATIVE_INFINITY;
      lookups.renew();
    },
  };
}

function objectOf(text: string, title: string): Mapping | undefined {
  const root = text === '' ? undefined : parse(text, title).documents[0]?.root;
  return isObject(root) ? placed(root, title) : undefined;
}

/** There is no file to point at: every entry of the data says whose it is and its key. */
function placed(object: Mapping, title: string): Mapping {
  const entries = object.entries.map((section): Entry => {
    if (section.value.kind !== 'mapping' || section.key.text === 'metadata') return section;
    const inside = section.value.entries.map(({ key, value }): Entry => {
      const at = { file: `${title} ${key.text}`, start: 0, end: 0 };
      return { key: { ...key, at }, value: movedTo(value, at) };
    });
    return { key: section.key, value: { ...section.value, entries: inside } };
  });
  return { ...object, entries };
}

function movedTo(node: Node, at: Origin): Node {
  if (node.kind === 'scalar') return { ...node, at };
  if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => movedTo(item, at)), at };
  const entries = node.entries.map(({ key, value }) => ({ key: { ...key, at }, value: movedTo(value, at) }));
  return { ...node, entries, at };
}

type Fetching = Pick<ClusterInputs, 'fetchMissing'>;

/** Both at once, as one that is asked between two renders. */
export function bothOf(one: Fetching | undefined, other: Fetching | undefined): Fetching {
  return {
    async fetchMissing(signal) {
      const news = await Promise.all([one?.fetchMissing(signal), other?.fetchMissing(signal)]);
      return news.includes(true);
    },
  };
}
