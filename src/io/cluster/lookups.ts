/**
 * What charts look up in a cluster, as Helm's own `lookup` asks it: the same answers and the same words of failure. A render
 * asks, and what it asked for is read before the next one; Secrets stay in memory.
 */
import {
  accountUser,
  type Cluster,
  type ClusterFailure,
  type ClusterLookup,
  type DefaultAccounts,
  defaultAccounts,
  type helm,
  type LiveObject,
  openRemote,
  type RemoteCluster,
  requestsOf,
  type ServedKind,
} from '../../engine/index.ts';

type Answer = helm.LookupAnswer;

export interface ClusterLookups {
  /** For the renderer: the answer as far as it was read. The same object as long as the cluster says the same. */
  lookup(query: ClusterLookup): Answer;
  /** Reads what was asked for; true when another render says more. */
  fetchMissing(signal: AbortSignal): Promise<boolean>;
  /** Every answer is asked for again when a render needs it; until then it stands. */
  renew(): void;
}

export interface ClusterLookupsOptions {
  /** For how many milliseconds an answer is good. */
  readonly keep: number;
  now(): number;
  /** As whom the cluster is asked: for a release of the fleet as Flux does it, or as the one who runs a command. */
  readonly as?: 'owner' | 'user';
}

const pending: Answer = { missing: 'pending' };
const absent: Answer = { missing: 'absent' };

export function createLookups(cluster: Cluster, { keep, now, as = 'owner' }: ClusterLookupsOptions): ClusterLookups {
  const answers = new Map<string, { readonly answer: Answer; readonly text: string; at: number }>();
  /** What was asked, and what the render was told: another one may have it read meanwhile. */
  const missing = new Map<string, { readonly query: ClusterLookup; readonly told: Answer }>();
  let accounts: Promise<DefaultAccounts> | undefined;

  async function read(key: string, query: ClusterLookup, signal: AbortSignal): Promise<void> {
    if (as === 'owner') accounts ??= defaultAccounts(requestsOf(cluster, 4));
    const target = accounts === undefined ? cluster : await targetOf(cluster, query, await accounts, signal);
    const answer = typeof target === 'string' ? { error: target } : await readLookup(target, query, signal);
    // What was given up says nothing.
    if (signal.aborted) return;
    const text = textOf(answer);
    const before = answers.get(key);
    answers.set(key, { answer: before?.text === text ? before.answer : answer, text, at: now() });
  }

  return {
    lookup(query) {
      const key = JSON.stringify(query);
      const known = answers.get(key);
      const told = known?.answer ?? pending;
      if (known === undefined || now() - known.at >= keep) missing.set(key, { query, told });
      return told;
    },
    async fetchMissing(signal) {
      const wanted = [...missing];
      missing.clear();
      await Promise.all(wanted.map(([key, { query }]) => read(key, query, signal)));
      return wanted.some(([key, { told }]) => (answers.get(key)?.answer ?? pending) !== told);
    },
    renew() {
      for (const known of answers.values()) known.at = Number.NEGATIVE_INFINITY;
      accounts = undefined;
    },
  };
}

/** The cluster that the release goes to, as the service account that it goes there by; as this user where that is refused. */
async function targetOf(
  home: Cluster,
  { asks, remote }: ClusterLookup,
  accounts: DefaultAccounts,
  signal: AbortSignal,
): Promise<Cluster | string> {
  const cluster = remote === undefined ? home : await remoteOf(home, remote, signal);
  const account = asks.account || accounts.HelmRelease;
  if (typeof cluster === 'string' || account === undefined) return cluster;
  const acting = await cluster.as(accountUser(asks.namespace, account), signal);
  return acting.ok ? acting.value : cluster;
}

/** A bigint has no JSON of its own. */
function textOf(answer: Answer): string {
  return JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

async function readLookup(cluster: Cluster, query: helm.LookupQuery, signal: AbortSignal): Promise<Answer> {
  const { apiVersion, kind } = query;
  const parts = apiVersion.split('/');
  const [group, version] = parts.length === 1 ? ['', apiVersion] : parts;
  const isVersion = parts.length <= 2 && apiVersion !== '' && version !== '';
  const unknown = (why: string): Answer => {
    const gvk = `${isVersion ? apiVersion.replace(/^(?!.*\/)/, '/') : '/'}, Kind=${kind}`;
    return { error: `unable to get apiresource from unstructured: ${gvk}: ${why}` };
  };
  if (!isVersion) return unknown("groupVersion shouldn't be empty");
  const known = await cluster.served(group!, kind, version, signal);
  if (!known.ok) return failed(cluster, known.failure);
  const served = known.value;
  if (served !== undefined && served.version === version) return readServed(cluster, served, query, signal);
  const apis = await cluster.capabilities(signal);
  if (!apis.ok) return failed(cluster, apis.failure);
  if (!apis.value.apis.includes(apiVersion)) return unknown('the server could not find the requested resource');
  // Helm then asks for /api/NAME, which no server has, or for /api itself, which says which versions it has.
  return query.name === '' ? { found: { kind: 'APIVersions', versions: ['v1'], items: [] } } : absent;
}

async function readServed(
  cluster: Cluster,
  served: ServedKind,
  query: helm.LookupQuery,
  signal: AbortSignal,
): Promise<Answer> {
  const { apiVersion, kind, name } = query;
  const namespace = served.namespaced ? query.namespace : '';
  const wrong = segmentFault('namespace', namespace) ?? segmentFault('resource name', name);
  if (wrong !== undefined) return { error: wrong };
  if (name === '') {
    const listed = await cluster.list(served, namespace === '' ? {} : { namespace }, signal);
    if (!listed.ok) return failed(cluster, listed.failure);
    // The list's own version changes with everything in the cluster: with it, no two renders would be the same.
    const metadata = { resourceVersion: '' };
    return { found: { apiVersion, kind: `${kind}List`, metadata, items: listed.value } };
  }
  // Without a namespace there is no such path.
  if (served.namespaced && namespace === '') return absent;
  const answer = await cluster.get({ apiVersion, kind, namespace, name }, signal);
  return answer.ok ? { found: typed(answer.value, apiVersion, kind) } : failed(cluster, answer.failure);
}

function typed(object: LiveObject, apiVersion: string, kind: string): LiveObject {
  return object.kind === undefined ? { apiVersion, kind, ...object } : object;
}

/** What client-go lets into no path, in its own words. */
function segmentFault(what: string, text: string): string | undefined {
  const said = ['.', '..'].includes(text)
    ? [`may not be '${text}'`]
    : ['/', '%'].filter((char) => text.includes(char)).map((char) => `may not contain '${char}'`);
  return said.length === 0 ? undefined : `invalid ${what} ${JSON.stringify(text)}: [${said.join(' ')}]`;
}

/** Helm shows the server's words; which server it is stays where none answered. */
function failed({ context, server }: Cluster, { reason, status, message }: ClusterFailure): Answer {
  if (reason === 'not-found' || reason === 'unknown-kind') return absent;
  return { error: status === undefined ? message : message.replace(`Context ${context} (${server}): `, '') };
}

async function remoteOf(home: Cluster, remote: RemoteCluster, signal: AbortSignal): Promise<Cluster | string> {
  const { kind, namespace, name, key } = remote;
  const ref = kind === 'Secret' ? { kind, name, key } : { kind, name };
  return openRemote({ get: (object) => home.get(object, signal), home, namespace, ref });
}
