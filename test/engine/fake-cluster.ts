/**
 * An API server in memory, as much of one as plan and apply need: server-side apply with owned fields and merge keys,
 * namespaces, CRDs, dry runs, inventories, and a hook before each request through which a test injects its faults.
 */
import type {
  Cluster,
  ClusterAnswer,
  ClusterFailure,
  LiveObject,
  ObjectRef,
  ServedKind,
} from '../../src/engine/ports.ts';
import type { Json } from '../../src/engine/yaml/resolve.ts';

type Tree = { [key: string]: Json };

export interface FakeCluster extends Cluster {
  /** Every request that was made, as `verb kind namespace/name` (dry runs: `dry-run`). */
  readonly requests: string[];
  /** Stored objects by `Kind/namespace/name`. */
  readonly objects: Map<string, Tree>;
  /** Puts an object as it is; owned by `manager` (kustomize-controller unless told). */
  put(object: LiveObject, manager?: string): void;
  /** A failure in answer to a request; undefined lets it through. `after` has the request carried out first. */
  fault?: (verb: string, ref: ObjectRef) => ClusterFailure | { readonly after: ClusterFailure } | undefined;
  /** The clusters that are reached by the text of a kubeconfig. */
  readonly remotes: Map<string, Cluster>;
  /** Users that may be impersonated, with what each request of theirs is refused with. */
  readonly accounts: Map<string, (verb: string, ref: ObjectRef) => ClusterFailure | undefined>;
  /** Admission: may change what is stored. */
  admit?: (object: Tree) => void;
}

const scoped: Readonly<Record<string, boolean>> = {
  Namespace: false,
  ClusterRole: false,
  ClusterRoleBinding: false,
  CustomResourceDefinition: false,
  StorageClass: false,
  IngressClass: false,
};
const versions: Readonly<Record<string, string>> = {
  '': 'v1',
  apps: 'v1',
  batch: 'v1',
  policy: 'v1',
  'rbac.authorization.k8s.io': 'v1',
  'networking.k8s.io': 'v1',
  'storage.k8s.io': 'v1',
  'apiextensions.k8s.io': 'v1',
  'kustomize.toolkit.fluxcd.io': 'v1',
  'source.toolkit.fluxcd.io': 'v1',
  'helm.toolkit.fluxcd.io': 'v2',
};
const immutable: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Job: [['spec', 'template']],
  Deployment: [['spec', 'selector']],
  PersistentVolumeClaim: [['spec', 'storageClassName']],
};

export function fakeCluster(...initial: readonly LiveObject[]): FakeCluster {
  const objects = new Map<string, Tree>();
  const requests: string[] = [];
  let clock = 1;
  const key = (kind: string, namespace: string, name: string) => `${kind}/${namespace}/${name}`;
  const refOf = (object: LiveObject): ObjectRef => ({
    apiVersion: String(object.apiVersion),
    kind: String(object.kind),
    namespace: String((object.metadata as Tree).namespace ?? ''),
    name: String((object.metadata as Tree).name),
  });
  const no = (
    reason: ClusterFailure['reason'],
    message: string,
  ): { readonly ok: false; readonly failure: ClusterFailure } => ({
    ok: false,
    failure: { reason, message },
  });

  async function request<T>(verb: string, ref: ObjectRef, work: () => ClusterAnswer<T>, signal?: AbortSignal) {
    if (signal?.aborted) return no('canceled', 'canceled');
    requests.push(`${verb} ${ref.kind} ${ref.namespace}/${ref.name}`);
    await Promise.resolve();
    const fault = cluster.fault?.(verb, ref);
    if (fault !== undefined && 'after' in fault) {
      work();
      return { ok: false as const, failure: fault.after };
    }
    return fault === undefined ? work() : { ok: false as const, failure: fault };
  }

  function store(object: Tree): Tree {
    const ref = refOf(object);
    const metadata = object.metadata as Tree;
    const old = objects.get(key(ref.kind, ref.namespace, ref.name));
    metadata.uid ??= old === undefined ? `uid-${clock}` : (old.metadata as Tree).uid!;
    metadata.creationTimestamp ??= '2026-01-01T00:00:00Z';
    if (old === undefined || stripped(old) !== stripped(object)) {
      clock += 1;
      metadata.resourceVersion = String(clock);
    }
    objects.set(key(ref.kind, ref.namespace, ref.name), object);
    if (ref.kind === 'CustomResourceDefinition') {
      object.status = { conditions: [{ type: 'Established', status: 'True', reason: 'x', message: '' }] };
    }
    return object;
  }

  function merge(manager: string, wanted: LiveObject, dryRun: boolean): ClusterAnswer<LiveObject> {
    const ref = refOf(wanted);
    if (scoped[ref.kind] !== false && !objects.has(key('Namespace', '', ref.namespace))) {
      return no('not-found', `namespaces "${ref.namespace}" not found`);
    }
    const old = objects.get(key(ref.kind, ref.namespace, ref.name));
    for (const path of immutable[ref.kind] ?? []) {
      const [was, is] = [dig(old, path), dig(wanted, path)];
      if (was !== undefined && is !== undefined && JSON.stringify(was) !== JSON.stringify(overlay(was, is))) {
        return no('immutable', `${path.join('.')}: Invalid value: field is immutable`);
      }
    }
    const base = old === undefined ? {} : structuredClone(old);
    const entries = ((base.metadata as Tree | undefined)?.managedFields as Tree[] | undefined) ?? [];
    const ours = entries.find((e) => e.manager === manager && e.operation === 'Apply');
    const fields = fieldsOf(wanted);
    if (ours !== undefined)
      drop(
        base,
        ours.fieldsV1 as Tree,
        fields,
        entries.filter((e) => e !== ours).map((e) => e.fieldsV1 as Tree),
      );
    const out = overlay(base, wanted) as Tree;
    const metadata = out.metadata as Tree;
    metadata.managedFields = [
      ...entries.filter((e) => e !== ours),
      { manager, operation: 'Apply', apiVersion: ref.apiVersion, fieldsType: 'FieldsV1', fieldsV1: fields },
    ];
    cluster.admit?.(out);
    if (!dryRun) return { ok: true, value: structuredClone(store(out)) };
    if (old === undefined) metadata.uid = 'dry-run';
    return { ok: true, value: structuredClone(out) };
  }

  const cluster: FakeCluster = {
    context: 'fake',
    server: 'https://fake.invalid',
    requests,
    objects,
    remotes: new Map(),
    accounts: new Map(),
    async as(user) {
      const refuses = cluster.accounts.get(user);
      if (refuses === undefined)
        return no('forbidden', `User "me" cannot impersonate resource "serviceaccounts" (${user})`);
      const refused = async (verb: string, ref: ObjectRef): Promise<ClusterAnswer<never> | undefined> => {
        const failure = refuses(verb, ref);
        requests.push(`${failure === undefined ? 'as' : 'refused'} ${user}: ${verb} ${ref.kind} ${ref.name}`);
        return failure === undefined ? undefined : { ok: false, failure };
      };
      const value: Cluster = {
        ...cluster,
        mayPatch: async () => ({ ok: true, value: false }),
        get: async (ref, signal) => (await refused('get', ref)) ?? cluster.get(ref, signal),
        apply: async (object, options, signal) =>
          (await refused(options.dryRun ? 'dry-run' : 'apply', refOf(object))) ??
          cluster.apply(object, options, signal),
        patch: async (ref, ...rest) => (await refused('patch', ref)) ?? cluster.patch(ref, ...rest),
        delete: async (ref, ...rest) => (await refused('delete', ref)) ?? cluster.delete(ref, ...rest),
      };
      return { ok: true, value };
    },
    mayPatch: async () => ({ ok: true, value: true }),
    remote(kubeconfig) {
      const found = cluster.remotes.get(kubeconfig);
      return found === undefined ? no('unreachable', 'no valid kubeconfig') : { ok: true, value: found };
    },
    put(object, manager = 'kustomize-controller') {
      const copy = structuredClone(object) as Tree;
      const metadata = copy.metadata as Tree;
      metadata.managedFields ??= [
        { manager, operation: 'Apply', apiVersion: copy.apiVersion!, fieldsType: 'FieldsV1', fieldsV1: fieldsOf(copy) },
      ];
      store(copy);
    },
    goTypes: () => ({ kinds: {}, types: {} }),
    identity: async () => ({ ok: true, value: 'fake-identity' }),
    capabilities: async () => ({ ok: true, value: { version: 'v1.36.3', apis: [] } }),
    async served(group, kind): Promise<ClusterAnswer<ServedKind | undefined>> {
      const definition = [...objects.values()].find(
        (o) => o.kind === 'CustomResourceDefinition' && dig(o, ['spec', 'names', 'kind']) === kind,
      );
      const version = definition === undefined ? versions[group] : 'v1';
      const namespaced =
        definition === undefined ? scoped[kind] !== false : dig(definition, ['spec', 'scope']) !== 'Cluster';
      if (version === undefined) return { ok: true, value: undefined };
      return { ok: true, value: { group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced } };
    },
    get: (ref, signal) =>
      request<LiveObject>(
        'get',
        ref,
        () => {
          const found = objects.get(key(ref.kind, ref.namespace, ref.name));
          return found === undefined
            ? no('not-found', `${ref.name} not found`)
            : { ok: true, value: structuredClone(found) };
        },
        signal,
      ),
    list: (kind, options, signal) =>
      request<readonly LiveObject[]>(
        'list',
        { apiVersion: kind.version, kind: kind.kind, namespace: options?.namespace ?? '', name: '' },
        () => ({
          ok: true,
          value: [...objects.values()]
            .filter((o) => o.kind === kind.kind && labelled(o, options?.labelSelector))
            .filter((o) => (options?.namespace ?? '') === '' || (o.metadata as Tree).namespace === options?.namespace)
            .map((o) => structuredClone(o)),
        }),
        signal,
      ),
    watch: async () => {},
    apply: (object, options, signal) =>
      request<LiveObject>(
        options.dryRun ? 'dry-run' : 'apply',
        refOf(object),
        () => merge(options.manager, object, options.dryRun),
        signal,
      ),
    patch: (ref, patch, options, signal) =>
      request<LiveObject>(
        options.subresource === 'status' ? 'patch-status' : 'patch',
        ref,
        () => {
          const old = objects.get(key(ref.kind, ref.namespace, ref.name));
          if (old === undefined) return no('not-found', `${ref.name} not found`);
          const out = Array.isArray(patch)
            ? jsonPatch(structuredClone(old), patch)
            : mergePatch(structuredClone(old), patch as Json);
          return { ok: true, value: structuredClone(options.dryRun ? (out as Tree) : store(out as Tree)) };
        },
        signal,
      ),
    create: (object, _options, signal) =>
      request<LiveObject>(
        'create',
        refOf(object),
        () =>
          objects.has(key(refOf(object).kind, refOf(object).namespace, refOf(object).name))
            ? no('conflict', `${refOf(object).name} already exists`)
            : { ok: true, value: structuredClone(store(structuredClone(object) as Tree)) },
        signal,
      ),
    delete: (ref, options, signal) =>
      request<LiveObject>(
        'delete',
        ref,
        () => {
          const old = objects.get(key(ref.kind, ref.namespace, ref.name));
          if (old === undefined) return no('not-found', `${ref.name} not found`);
          if (options.uid !== undefined && (old.metadata as Tree).uid !== options.uid)
            return no('conflict', 'the uid differs');
          if (((old.metadata as Tree).finalizers as Json[] | undefined)?.length) {
            (old.metadata as Tree).deletionTimestamp = '2026-01-01T00:00:00Z';
          } else objects.delete(key(ref.kind, ref.namespace, ref.name));
          return { ok: true, value: structuredClone(old) };
        },
        signal,
      ),
  };
  for (const object of initial) cluster.put(object);
  return cluster;
}

function stripped(object: Tree): string {
  const { resourceVersion: _, managedFields: __, ...metadata } = object.metadata as Tree;
  return JSON.stringify({ ...object, metadata });
}

function labelled(object: Tree, selector: string | undefined): boolean {
  const labels = ((object.metadata as Tree).labels ?? {}) as Tree;
  return (selector ?? '').split(/,(?![^(]*\))/).every((term) => {
    const match = /^([^\s!=]*)(?: in \((.*)\)|(!?=)(.*))?$/.exec(term)!;
    const [, name, among, sign, value] = match;
    const found = labels[name!];
    if (sign === '!=') return found !== value;
    if (sign === '=') return found === value;
    return name === '' || (found !== undefined && (among === undefined || among.split(',').includes(String(found))));
  });
}

function dig(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((here, step) => (here as Tree | undefined)?.[step], value);
}

const isTree = (value: Json | undefined): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const named = (list: readonly Json[]) => list.length > 0 && list.every((item) => isTree(item) && 'name' in item);

function fieldsOf(value: Json): Tree {
  const out: Tree = {};
  if (Array.isArray(value) && named(value)) {
    for (const item of value as Tree[])
      out[`k:${JSON.stringify({ name: item.name })}`] = { '.': {}, ...fieldsOf(item) };
  } else if (isTree(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (['apiVersion', 'kind', 'managedFields', 'uid', 'resourceVersion', 'status'].includes(name)) continue;
      out[`f:${name}`] = fieldsOf(item);
    }
  }
  return out;
}

function overlay(under: Json | undefined, over: Json): Json {
  if (isTree(over)) {
    const out: Tree = isTree(under) ? { ...under } : {};
    for (const [name, value] of Object.entries(over)) out[name] = overlay(out[name], value);
    return out;
  }
  if (Array.isArray(over) && Array.isArray(under) && named(over) && named(under)) {
    const old = under as Tree[];
    const merged = (over as Tree[]).map((item) =>
      overlay(
        old.find((o) => o.name === item.name),
        item,
      ),
    );
    return [...merged, ...old.filter((o) => !(over as Tree[]).some((item) => item.name === o.name))];
  }
  return over;
}

/** Removes what `was` held and `is` does not, unless another manager holds it. */
function drop(object: Json | undefined, was: Tree, is: Tree, others: readonly Tree[]): void {
  for (const [name, child] of Object.entries(was)) {
    const shared = others.flatMap((o) => (isTree(o[name]) ? [o[name] as Tree] : []));
    if (name.startsWith('f:') && isTree(object)) {
      const field = name.slice(2);
      if (!(name in is) && shared.length === 0) delete (object as Tree)[field];
      else drop(object[field], child as Tree, (is[name] ?? {}) as Tree, shared);
    }
    if (name.startsWith('k:') && Array.isArray(object)) {
      const item = (object as Tree[]).find((o) => o.name === (JSON.parse(name.slice(2)) as Tree).name);
      if (!(name in is) && shared.length === 0) (object as Json[]).splice((object as Tree[]).indexOf(item!), 1);
      else drop(item, child as Tree, (is[name] ?? {}) as Tree, shared);
    }
  }
}

function mergePatch(under: Json, patch: Json): Json {
  if (!isTree(patch)) return patch;
  const out: Tree = isTree(under) ? { ...under } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete out[name];
    else out[name] = mergePatch(out[name] ?? null, value);
  }
  return out;
}

function jsonPatch(object: Json, patch: readonly LiveObject[]): Json {
  for (const step of patch) {
    const path = String(step.path)
      .split('/')
      .slice(1)
      .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
    const parent = dig(object, path.slice(0, -1)) as Tree;
    if (step.op === 'remove') delete parent[path.at(-1)!];
    else parent[path.at(-1)!] = step.value as Json;
  }
  return object;
}
