/**
 * The `Cluster` port over HTTP: the verbs of the API server for one context of a kubeconfig. Nothing is sent, read or
 * loaded before the first call, and no call throws for a fault.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type {
  Cluster,
  ClusterAnswer,
  ClusterFailure,
  Json,
  LiveObject,
  Log,
  ObjectRef,
  ServedKind,
} from '../../engine/index.ts';
import { goTypes } from '../gotypes.ts';
import { type ClusterEntry, type LoadedKubeconfig, parseKubeconfig, type UserEntry } from '../kubeconfig.ts';
import { type CredentialRequest, credentialsOf } from './credentials.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import { secretsOf } from './failure.ts';
import { writeJson } from './json.ts';
import { collectionPath, list } from './list.ts';
import { createTransport, type Limits, type Request, type Transport, transportAs } from './transport.ts';
import { type WatchTiming, watch } from './watch.ts';

export interface ConnectOptions {
  readonly kubeconfig: LoadedKubeconfig;
  readonly context: string;
  /** Whether the workspace is trusted: without it no program of the kubeconfig runs. */
  readonly trusted: boolean;
  /** The open folders: a kubeconfig inside one may neither run a program nor read files elsewhere, unless approved. */
  readonly workspaces?: readonly string[];
  readonly approve?: (request: CredentialRequest) => Promise<boolean>;
  /** For proxies (HTTPS_PROXY, NO_PROXY) and exec plugins; default: nothing. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets the server's warnings. */
  readonly log?: Log;
  readonly limits?: Partial<Limits>;
  readonly timing?: Partial<WatchTiming & { readonly discoveryMs: number; readonly execMs: number }>;
}

const usualLimits: Limits = {
  connectMs: 10_000,
  answerMs: 65_000,
  maxBytes: 256 << 20,
  retries: 5,
  maxRetryMs: 30_000,
};

const usualTiming: WatchTiming = {
  backoffMs: 1_000,
  maxBackoffMs: 30_000,
  forbiddenMs: 300_000,
  idleMs: 90_000,
  beatMs: 5_000,
  spacingMs: 1_000,
  random: () => Math.random(),
  now: () => Date.now(),
};

/** The cluster of a context. Fails at once, and only then, for a context that cannot be connected to at all. */
export function connect(options: ConnectOptions): ClusterAnswer<Cluster> {
  const found = find(options);
  if (typeof found === 'string') return { ok: false, failure: { reason: 'unreachable', message: found } };
  return { ok: true, value: open(options.context, found, options) };
}

interface Entries {
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
}

type OpenOptions = Omit<ConnectOptions, 'kubeconfig' | 'context'>;

function open(context: string, found: Entries, options: OpenOptions): Cluster {
  const env = options.env ?? {};
  const now = (): number => Date.now();
  const credentials = credentialsOf(found.user, found.cluster, {
    trusted: options.trusted,
    workspaces: options.workspaces ?? [],
    ...(options.approve === undefined ? {} : { approve: options.approve }),
    env,
    execTimeoutMs: options.timing?.execMs ?? 60_000,
    now,
  });
  const transport = createTransport({
    context,
    cluster: found.cluster,
    user: found.user,
    credentials,
    env,
    limits: { ...usualLimits, ...options.limits },
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  const discovery = createDiscovery(transport, { refreshMs: options.timing?.discoveryMs ?? 2_000, now });
  const timing = { ...usualTiming, ...options.timing };
  const remote = remotesOf(options);
  const opened = { context, entry: found.cluster, transport, discovery, timing, remote };
  // One account at a time: the server goes by the last one named, and would pass over the kubeconfig's own.
  const taken = found.user.impersonate !== undefined;
  return createCluster({ ...opened, as: taken ? cannotActTwice(transport) : accountsOf(opened) });
}

function cannotActTwice(transport: Transport): Cluster['as'] {
  const message = 'its user acts for another one already (as, in the kubeconfig), and cannot act for an account, too';
  return async () => ({ ok: false, failure: transport.fail('forbidden', message) });
}

/** The same cluster for other users, each asked for once; a refusal may be another one the next time. */
function accountsOf(opened: Omit<Opened, 'as'>): Cluster['as'] {
  const known = new Map<string, Cluster>();
  const base = createCluster({ ...opened, as: cannotActTwice(opened.transport) });
  return async (user, signal) => {
    const old = known.get(user);
    if (old !== undefined) return { ok: true, value: old };
    const transport = transportAs(opened.transport, user);
    // Everybody may ask for the version, so that what is refused here is the impersonation itself.
    const answer = await transport.send({ method: 'GET', path: '/version', signal });
    if (!answer.ok) return answer;
    const cluster = createCluster({ ...opened, transport, as: cannotActTwice(transport) });
    const same = known.get(user) ?? { ...cluster, identity: base.identity };
    known.set(user, same);
    return { ok: true, value: same };
  };
}

/** Opens the clusters whose kubeconfigs this one holds; the same text under the same title is the same connection. */
function remotesOf(options: OpenOptions): Cluster['remote'] {
  const known = new Map<string, { readonly text: string; readonly cluster: Cluster }>();
  return (text, title) => {
    const old = known.get(title);
    if (old?.text === text) return { ok: true, value: old.cluster };
    const entries = remoteEntries(text, title);
    if (typeof entries === 'string') return { ok: false, failure: { reason: 'unreachable', message: entries } };
    const cluster = open(title, entries, options);
    known.set(title, { text, cluster });
    return { ok: true, value: cluster };
  };
}

/**
 * What Flux takes of a kubeconfig in a Secret: its current context, with what stands in the text itself. Programs and files
 * would be the ones of this machine; Flux ignores them, and would then come without credentials. TLS is always verified.
 */
function remoteEntries(text: string, title: string): Entries | string {
  const { value } = parseKubeconfig(text, title);
  // What is wrong with it is not quoted: it may be a part of a credential.
  if (value === undefined) return `${title} holds no valid kubeconfig.`;
  const context = value.currentContext;
  if (context === undefined) return `The kubeconfig in ${title} names no current context.`;
  const found = find({ kubeconfig: value, context });
  if (typeof found === 'string') return found;
  const { cluster, user } = found;
  const needs =
    user.exec !== undefined
      ? 'an exec plugin'
      : user.authProvider !== undefined
        ? 'an auth provider'
        : [cluster.certificateAuthority, user.clientCertificate, user.clientKey, user.tokenFile].some(Boolean)
          ? 'files'
          : undefined;
  if (needs !== undefined) return `The kubeconfig in ${title} asks for ${needs}, which Flux does not use.`;
  return { cluster: { ...cluster, insecureSkipTlsVerify: false }, user };
}

/** The entries of a context, or a sentence that says what is missing. */
function find({ kubeconfig, context: name }: Pick<ConnectOptions, 'kubeconfig' | 'context'>): Entries | string {
  const context = kubeconfig.contexts.find((one) => one.name === name);
  if (context === undefined) {
    const names = kubeconfig.contexts.map((one) => one.name).join(', ');
    return `There is no context "${name}" in ${kubeconfig.files.join(', ') || 'any kubeconfig'}${names === '' ? '' : `; there are ${names}`}.`;
  }
  const cluster = kubeconfig.clusters.get(context.cluster);
  if (cluster === undefined)
    return `Context "${name}" names the cluster "${context.cluster}", which ${context.file} lacks.`;
  if (!URL.canParse(cluster.server) || !/^https?:/.test(cluster.server)) {
    return `The cluster "${context.cluster}" of context "${name}" has no valid server URL ("${cluster.server}").`;
  }
  const user = kubeconfig.users.get(context.user);
  if (user === undefined && context.user !== '') {
    return `Context "${name}" names the user "${context.user}", which ${context.file} lacks.`;
  }
  return { cluster, user: user ?? { name: '', file: context.file } };
}

interface Opened {
  readonly context: string;
  readonly entry: ClusterEntry;
  readonly transport: Transport;
  readonly discovery: Discovery;
  readonly timing: WatchTiming;
  readonly remote: Cluster['remote'];
  readonly as: Cluster['as'];
}

function createCluster({ context, entry, transport, discovery, timing, remote, as }: Opened): Cluster {
  /** Finds how an object's very version is served; another version would be another object's path. */
  async function kindOf(apiVersion: string, kind: string, signal?: AbortSignal): Promise<ClusterAnswer<ServedKind>> {
    const slash = apiVersion.indexOf('/');
    const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
    const served = await discovery.served(group, kind, version, signal);
    if (!served.ok) return served;
    if (served.value?.version === version) return { ok: true, value: served.value };
    const other = served.value === undefined ? '' : `; it has ${served.value.group}/${served.value.version}`;
    return fail('unknown-kind', `the server does not know ${apiVersion} ${kind}${other}`);
  }

  function fail(
    reason: ClusterFailure['reason'],
    message: string,
  ): { readonly ok: false; readonly failure: ClusterFailure } {
    return { ok: false, failure: transport.fail(reason, message) };
  }

  async function pathOf(ref: ObjectRef, signal?: AbortSignal): Promise<ClusterAnswer<string>> {
    const kind = await kindOf(ref.apiVersion, ref.kind, signal);
    if (!kind.ok) return kind;
    if (ref.name === '') return fail('invalid', `a ${ref.kind} without a name`);
    if (kind.value.namespaced && ref.namespace === '') {
      return fail('invalid', `${ref.kind} ${ref.name} needs a namespace`);
    }
    return { ok: true, value: `${collectionPath(kind.value, ref.namespace)}/${encodeURIComponent(ref.name)}` };
  }

  async function send(request: Request): Promise<ClusterAnswer<LiveObject>> {
    const answer = await transport.send(request);
    if (answer.ok) return { ok: true, value: answer.value.json as LiveObject };
    if (answer.failure.reason === 'unknown-kind') discovery.forget();
    return answer;
  }

  return {
    context,
    server: entry.server,
    goTypes,
    async identity(signal) {
      const ref = { apiVersion: 'v1', kind: 'Namespace', namespace: '', name: 'kube-system' };
      const path = '/api/v1/namespaces/kube-system';
      const answer = await transport.send({ method: 'GET', path, signal });
      // Whoever may not read it still has the server and its authority.
      if (!answer.ok && answer.failure.reason !== 'forbidden') return answer;
      const uid = answer.ok ? uidOf(answer.value.json as LiveObject) : `unreadable ${ref.name}`;
      return { ok: true, value: `${entry.server} ${authorityHash(entry)} ${uid}` };
    },
    async capabilities(signal) {
      const [version, all] = await Promise.all([
        transport.send({ method: 'GET', path: '/version', signal }),
        discovery.all(signal),
      ]);
      if (!version.ok) return version;
      if (!all.ok) return all;
      const { gitVersion } = version.value.json as { readonly gitVersion?: Json };
      return { ok: true, value: { version: String(gitVersion ?? ''), apis: all.value.apis } };
    },
    served: (group, kind, version, signal) => discovery.served(group, kind, version, signal),
    async get(ref, signal) {
      const path = await pathOf(ref, signal);
      return path.ok ? send({ method: 'GET', path: path.value, signal }) : path;
    },
    async list(kind, options, signal) {
      const listed = await list(transport, kind, options ?? {}, signal);
      return listed.ok ? { ok: true, value: listed.value.objects } : listed;
    },
    watch: (kind, options, onEvent, signal) => watch(transport, kind, options, onEvent, signal, timing),
    async apply(object, options, signal) {
      const path = await pathOf(refOf(object), signal);
      if (!path.ok) return path;
      const query = new URLSearchParams({ fieldManager: options.manager, force: String(options.force) });
      if (options.dryRun) query.set('dryRun', 'All');
      return send({
        method: 'PATCH',
        path: `${path.value}?${query}`,
        contentType: 'application/apply-patch+yaml',
        body: writeJson(object),
        signal,
        writes: !options.dryRun,
        secrets: secretsOf(object),
      });
    },
    async patch(ref, patch, options, signal) {
      const path = await pathOf(ref, signal);
      if (!path.ok) return path;
      const query = new URLSearchParams({ fieldManager: options.manager });
      if (options.dryRun === true) query.set('dryRun', 'All');
      const subresource = options.subresource === undefined ? '' : `/${options.subresource}`;
      const type = Array.isArray(patch) ? 'json-patch' : 'merge-patch';
      return send({
        method: 'PATCH',
        path: `${path.value}${subresource}?${query}`,
        contentType: `application/${type}+json`,
        body: writeJson(patch as Json),
        signal,
        writes: options.dryRun !== true,
        secrets: secretsOf({
          ...(Array.isArray(patch) ? {} : (patch as LiveObject)),
          apiVersion: ref.apiVersion,
          kind: ref.kind,
        }),
      });
    },
    async create(object, options, signal) {
      const ref = refOf(object);
      const kind = await kindOf(ref.apiVersion, ref.kind, signal);
      if (!kind.ok) return kind;
      if (kind.value.namespaced && ref.namespace === '') {
        return fail('invalid', `${ref.kind} ${ref.name} needs a namespace`);
      }
      const query = new URLSearchParams({ fieldManager: options.manager });
      return send({
        method: 'POST',
        path: `${collectionPath(kind.value, ref.namespace)}?${query}`,
        body: writeJson(object),
        signal,
        writes: true,
        secrets: secretsOf(object),
      });
    },
    async delete(ref, options, signal) {
      const path = await pathOf(ref, signal);
      if (!path.ok) return path;
      const body = {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy: options.propagation,
        ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
        ...(options.dryRun === true ? { dryRun: ['All'] } : {}),
      };
      return send({
        method: 'DELETE',
        path: path.value,
        body: writeJson(body),
        signal,
        writes: options.dryRun !== true,
      });
    },
    async mayPatch({ group, version, plural }, namespace, signal) {
      const resourceAttributes = { verb: 'patch', group, version, resource: plural, namespace };
      const answer = await send({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: writeJson({
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes },
        }),
        signal,
      });
      if (!answer.ok) return answer;
      const { allowed } = (answer.value.status ?? {}) as { readonly allowed?: Json };
      return { ok: true, value: allowed === true };
    },
    remote,
    as,
  };
}

function refOf(object: LiveObject): ObjectRef {
  const { namespace, name } = (object.metadata ?? {}) as { readonly namespace?: Json; readonly name?: Json };
  return {
    apiVersion: String(object.apiVersion ?? ''),
    kind: String(object.kind ?? ''),
    namespace: String(namespace ?? ''),
    name: String(name ?? ''),
  };
}

function uidOf(object: LiveObject): string {
  return String((object.metadata as { readonly uid?: Json } | undefined)?.uid ?? '');
}

function authorityHash(entry: ClusterEntry): string {
  const hash = createHash('sha256');
  if (entry.certificateAuthorityData !== undefined) return hash.update(entry.certificateAuthorityData).digest('hex');
  if (entry.certificateAuthority === undefined) return 'system';
  try {
    return hash.update(readFileSync(entry.certificateAuthority)).digest('hex');
  } catch {
    return 'unreadable';
  }
}
