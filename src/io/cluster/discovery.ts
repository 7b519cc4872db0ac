/**
 * What the API server serves. One aggregated answer where the server has it (Kubernetes 1.26 and newer), else one
 * question per group version. It is kept until a kind is asked for that it does not hold: a CRD may just have arrived.
 */
import type { ClusterAnswer, ClusterFailure, Json, ServedKind } from '../../engine/index.ts';
import type { Transport } from './transport.ts';

export interface Discovered {
  /** `v1`, `apps/v1`, …, then `v1/Pod`, `apps/v1/Deployment`, …: what Helm's `.Capabilities.APIVersions` holds. */
  readonly apis: readonly string[];
  /** The versions that serve a kind, the preferred one first. */
  kinds(group: string, kind: string): readonly ServedKind[];
}

export interface Discovery {
  all(signal?: AbortSignal): Promise<ClusterAnswer<Discovered>>;
  served(
    group: string,
    kind: string,
    version: string | undefined,
    signal?: AbortSignal,
  ): Promise<ClusterAnswer<ServedKind | undefined>>;
  /** Forgets what is known: a kind that was served is not any more. */
  forget(): void;
}

export interface DiscoveryOptions {
  /** An unknown kind asks the server again at most this often. */
  readonly refreshMs: number;
  now(): number;
}

type JsonObject = { readonly [key: string]: Json | undefined };

export function createDiscovery(transport: Transport, options: DiscoveryOptions): Discovery {
  let held: { readonly value: Discovered; readonly at: number } | undefined;
  let asking: Promise<ClusterAnswer<Discovered>> | undefined;

  // Many callers wait for one answer: one that gives up must not take the others' answer along.
  async function ask(signal: AbortSignal | undefined): Promise<ClusterAnswer<Discovered>> {
    asking ??= discover(transport)
      .then((answer) => {
        if (answer.ok) held = { value: answer.value, at: options.now() };
        return answer;
      })
      .finally(() => {
        asking = undefined;
      });
    return signal === undefined ? asking : orCanceled(asking, signal, transport);
  }
  return {
    async all(signal) {
      return held === undefined ? ask(signal) : { ok: true, value: held.value };
    },
    async served(group, kind, version, signal) {
      const before = held;
      const known = before === undefined ? await ask(signal) : { ok: true as const, value: before.value };
      if (!known.ok) return known;
      const versions = known.value.kinds(group, kind);
      const found = versions.find((one) => one.version === version);
      const fresh = before === undefined || options.now() - before.at < options.refreshMs;
      if (found !== undefined || (version === undefined && versions.length > 0) || fresh) {
        return { ok: true, value: found ?? versions[0] };
      }
      const again = await ask(signal);
      if (!again.ok) return again;
      const newer = again.value.kinds(group, kind);
      return { ok: true, value: newer.find((one) => one.version === version) ?? newer[0] };
    },
    forget() {
      held = undefined;
    },
  };
}

async function orCanceled<T>(
  answer: Promise<ClusterAnswer<T>>,
  signal: AbortSignal,
  transport: Transport,
): Promise<ClusterAnswer<T>> {
  const canceled = (): ClusterAnswer<T> => ({ ok: false, failure: transport.fail('canceled', 'canceled') });
  if (signal.aborted) return canceled();
  let stop = (): void => undefined;
  const aborted = new Promise<ClusterAnswer<T>>((done) => {
    stop = () => done(canceled());
    signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([answer, aborted]).finally(() => signal.removeEventListener('abort', stop));
}

const aggregated = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

async function discover(transport: Transport): Promise<ClusterAnswer<Discovered>> {
  const [core, groups] = await Promise.all(
    ['/api', '/apis'].map((path) => transport.send({ method: 'GET', path, accept: aggregated })),
  );
  if (!core!.ok) return core!;
  if (!groups!.ok) return groups!;
  const found: ServedKind[] = [];
  const groupVersions: string[] = [];
  for (const answer of [core!.value.json, groups!.value.json]) {
    const failed = isAggregated(answer)
      ? readAggregated(answer as JsonObject, groupVersions, found)
      : await readLegacy(transport, answer as JsonObject, groupVersions, found);
    if (failed !== undefined) return { ok: false, failure: failed };
  }
  const byKind = new Map<string, ServedKind[]>();
  for (const one of found) {
    const key = `${one.group}/${one.kind}`;
    const versions = byKind.get(key);
    if (versions === undefined) byKind.set(key, [one]);
    else if (!versions.some((other) => other.version === one.version)) versions.push(one);
  }
  const apis = [...groupVersions, ...new Set(found.map((one) => `${versionOf(one)}/${one.kind}`))];
  return { ok: true, value: { apis, kinds: (group, kind) => byKind.get(`${group}/${kind}`) ?? [] } };
}

function versionOf(kind: ServedKind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

function isAggregated(answer: Json): boolean {
  return (answer as JsonObject | null)?.kind === 'APIGroupDiscoveryList';
}

/** Groups and versions come in the server's order of preference. A stale group keeps what the server last knew. */
function readAggregated(answer: JsonObject, groupVersions: string[], found: ServedKind[]): undefined {
  for (const group of items(answer.items)) {
    const name = text((group.metadata as JsonObject | undefined)?.name);
    for (const version of items(group.versions)) {
      const served = text(version.version);
      groupVersions.push(name === '' ? served : `${name}/${served}`);
      for (const resource of items(version.resources)) {
        const kind = text((resource.responseKind as JsonObject | undefined)?.kind);
        const plural = text(resource.resource);
        if (kind === '' || plural === '') continue;
        found.push({ group: name, version: served, kind, plural, namespaced: resource.scope === 'Namespaced' });
      }
    }
  }
  return undefined;
}

async function readLegacy(
  transport: Transport,
  answer: JsonObject,
  groupVersions: string[],
  found: ServedKind[],
): Promise<ClusterFailure | undefined> {
  const versions =
    answer.kind === 'APIVersions'
      ? (Array.isArray(answer.versions) ? answer.versions : []).map((version) => ['', text(version)] as const)
      : items(answer.groups).flatMap((group) => versionsOf(group));
  const lists = await Promise.all(
    versions.map(([group, version]) =>
      transport.send({ method: 'GET', path: group === '' ? `/api/${version}` : `/apis/${group}/${version}` }),
    ),
  );
  for (const [i, [group, version]] of versions.entries()) {
    const list = lists[i]!;
    // An extension server that is down takes its own kinds away and no others.
    if (!list.ok && list.failure.reason !== 'server-error' && list.failure.reason !== 'unknown-kind')
      return list.failure;
    groupVersions.push(group === '' ? version : `${group}/${version}`);
    if (!list.ok) continue;
    for (const resource of items((list.value.json as JsonObject).resources)) {
      const plural = text(resource.name);
      if (plural.includes('/')) continue;
      found.push({ group, version, kind: text(resource.kind), plural, namespaced: resource.namespaced === true });
    }
  }
  return undefined;
}

function versionsOf(group: JsonObject): (readonly [string, string])[] {
  const name = text(group.name);
  const preferred = text((group.preferredVersion as JsonObject | undefined)?.version);
  const versions = items(group.versions).map((version) => text(version.version));
  return [preferred, ...versions.filter((version) => version !== preferred)].map((version) => [name, version] as const);
}

function items(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value)
    ? (value.filter((item) => typeof item === 'object' && item !== null) as JsonObject[])
    : [];
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
