/**
 * A FluxInstance (Flux Operator) to what its `sync` adds: the source and the Kustomization that root the cluster, with the
 * instance's own patches. Flux's components are installed beside them and are not rendered here; the note says so.
 */
import { fluxInstance, type InstanceSync, kustomization } from '../../flux/index.ts';
import { formatDuration, parseDuration } from '../../go/duration.ts';
import { idOf } from '../../objects/object.ts';
import { error, type Problem } from '../../problem.ts';
import { memoryTree, textFile } from '../../sources/index.ts';
import { type Mapping, mapping, type Node, type Origin, sequence, str } from '../../yaml/node.ts';
import { printAll } from '../../yaml/print.ts';
import { ownerOf, withCommonMetadata, withOwnerLabels } from '../build.ts';
import type { Expander, RendererOptions } from '../context.ts';
import { compareForApply } from '../order.ts';

const notRendered = 'the components that Flux Operator installs are not rendered here';

export const fluxInstanceExpander: Expander = {
  group: fluxInstance.group,
  kind: fluxInstance.kind,
  expand(object, owner, { options }) {
    const { nodes, problems } = syncObjects(object.node, options);
    const objects = nodes.map((node) => ({ id: idOf(node), node })).sort((a, b) => compareForApply(a.id, b.id));
    // Never complete: pruning by this set would remove Flux itself.
    return { owner, objects, complete: false, problems, note: notRendered, reads: new Set() };
  },
};

/** The source and the Kustomization of an instance; none when it syncs nothing. */
export function syncObjects(
  instance: Mapping,
  { kustomizer }: Pick<RendererOptions, 'kustomizer'>,
): { readonly nodes: readonly Mapping[]; readonly problems: readonly Problem[] } {
  const view = fluxInstance.view(instance);
  const { sync, patches } = view;
  if (sync?.url === undefined || sync.path === undefined) return { nodes: [], problems: [] };
  const at = sync.node.at;
  const namespace = idOf(instance).namespace || 'flux-system';
  const name = sync.name?.value ?? namespace;
  const isBucket = sync.kind === 'Bucket';
  const ref = sync.kind === 'GitRepository' ? 'name' : 'tag';
  const source = object(at, {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: sync.kind,
    metadata: object(at, { name, namespace }),
    spec: object(at, {
      interval: interval(sync.interval),
      [isBucket ? 'endpoint' : 'url']: sync.url.node,
      ...(sync.ref === undefined || isBucket ? {} : { ref: object(at, { [ref]: sync.ref.node }) }),
      ...(sync.ref !== undefined && isBucket ? { bucketName: sync.ref.node } : {}),
      ...(sync.provider === undefined ? {} : { provider: sync.provider.node }),
      ...(sync.pullSecret === undefined ? {} : { secretRef: object(at, { name: sync.pullSecret.node }) }),
    }),
  });
  const syncing = object(at, {
    apiVersion: `${kustomization.group}/v1`,
    kind: kustomization.kind,
    metadata: object(at, { name, namespace }),
    spec: object(at, {
      interval: '10m0s',
      path: sync.path.node,
      prune: { kind: 'scalar', text: 'true', style: 'plain', at },
      sourceRef: object(at, { kind: sync.kind, name }),
      ...(view.multitenant ? { serviceAccountName: 'kustomize-controller' } : {}),
    }),
  });
  const made =
    patches.length === 0 ? { nodes: [source, syncing], problems: [] } : patched([source, syncing], patches, at);
  const owner = ownerOf({ id: { ...idOf(instance), namespace }, node: instance });
  const finished = (node: Mapping) => withOwnerLabels(withCommonMetadata(node, view), fluxInstance.group, owner);
  return { ...made, nodes: made.nodes.map(finished) };

  function patched(nodes: readonly Mapping[], list: readonly Node[], from: Origin) {
    const file = 'flux-instance-sync.yaml';
    const tree = memoryTree(new Map([[`/${file}`, textFile(file, printAll(nodes, 'kyaml'))]]));
    const build = mapping(
      [
        { key: str('resources', from), value: sequence([str(file, from)], from) },
        { key: str('patches', from), value: sequence(list.filter(isForSync), from) },
      ],
      from,
    );
    const built = kustomizer.build({ tree, path: '/', kustomization: build, loadRestrictor: 'none' });
    if (built.problems.some((problem) => problem.severity === 'error')) {
      const message = `the patches of FluxInstance ${idOf(instance).name} do not apply: ${built.problems[0]!.message}`;
      return { nodes, problems: [error('flux-build', message, from)] };
    }
    return { nodes: built.objects.map(({ node }) => relocated(node, file, from) as Mapping), problems: [] };
  }
}

/** As the operator writes it: Go's way to print a duration. */
function interval(given: InstanceSync['interval']): string | Node {
  const nanos = given === undefined ? undefined : parseDuration(given.value);
  if (given === undefined || nanos === undefined) return given?.node ?? '1m0s';
  return str(formatDuration(nanos), given.node.at);
}

/** Patches for the operator's own Deployments have no target here. */
function isForSync(patch: Node): boolean {
  const target = patch.kind === 'mapping' ? patch.entries.find(({ key }) => key.text === 'target')?.value : undefined;
  if (target?.kind !== 'mapping') return false;
  const kind = target.entries.find(({ key }) => key.text === 'kind')?.value;
  return kind === undefined || (kind.kind === 'scalar' && /Kustomization|Repository|Bucket|[.*|()]/.test(kind.text));
}

/** Nodes of the file that exists only here point at the instance's `sync`. */
function relocated(node: Node, file: string, at: Origin): Node {
  const place = node.at.file === file ? at : node.at;
  if (node.kind === 'scalar') return { ...node, at: place };
  if (node.kind === 'sequence')
    return { ...node, at: place, items: node.items.map((item) => relocated(item, file, at)) };
  const entries = node.entries.map(({ key, value }) => ({
    key: { ...key, at: key.at.file === file ? at : key.at },
    value: relocated(value, file, at),
  }));
  return { ...node, at: place, entries };
}

function object(at: Origin, fields: Readonly<Record<string, string | Node>>): Mapping {
  const entries = Object.entries(fields).map(([key, value]) => ({
    key: str(key, at),
    value: typeof value === 'string' ? str(value, at) : value,
  }));
  return mapping(entries, at);
}
