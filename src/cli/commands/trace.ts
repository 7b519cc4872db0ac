/** `sluice trace`: from any object of the cluster to the Flux objects and the source revision that it comes from. */
import { type Cluster, healthOf, type LiveObject, type ObjectRef } from '../../engine/index.ts';
import { type Command, type Invocation, UsageError } from '../command.ts';
import { isRefusal } from '../context.ts';
import { revisionOf, textAt, valueAt } from '../live/fields.ts';
import { namedOf } from '../live/kinds.ts';
import { connected, objectOptions, read } from '../live/object.ts';
import { sourceOf, titleOfRef } from '../live/reconcile.ts';
import { printable } from '../paint.ts';

export const trace: Command = {
  name: 'trace',
  usage: 'KIND/NAME [-n NAMESPACE] [--api-version GROUP/VERSION] --context NAME',
  summary: 'which Flux objects and which source revision an object comes from',
  options: { ...objectOptions, 'api-version': { type: 'string' } },
  async run(invocation) {
    const cluster = connected(invocation);
    if (isRefusal(cluster)) return refused(invocation, cluster.message);
    const start = await startOf(invocation, cluster);
    if (isRefusal(start)) return refused(invocation, start.message);
    let here: { readonly ref: ObjectRef; readonly live: LiveObject } | undefined = start;
    const seen = new Set<string>();
    for (let depth = 0; here !== undefined; depth += 1) {
      const title = titleOfRef(here.ref);
      if (seen.has(title)) break;
      seen.add(title);
      invocation.out(`${'  '.repeat(depth)}${line(here.ref, here.live)}\n`);
      await source(invocation, cluster, here.live, depth);
      const owner = ownerOf(here.live);
      if (owner === undefined) {
        if (depth === 0) invocation.out('  not applied by Flux: it carries none of its labels\n');
        break;
      }
      const above = await read(cluster, owner, invocation.signal);
      if (isRefusal(above)) return refused(invocation, above.message);
      here = above;
    }
    return 0;
  },
};

function refused({ err }: Invocation, message: string): 2 {
  err(`sluice trace: ${message}\n`);
  return 2;
}

/** Groups to look a kind up in when no API version is given, the usual ones first. */
const groups = [
  '',
  'apps',
  'batch',
  'networking.k8s.io',
  'rbac.authorization.k8s.io',
  'policy',
  'autoscaling',
  'storage.k8s.io',
  'apiextensions.k8s.io',
  'kustomize.toolkit.fluxcd.io',
  'helm.toolkit.fluxcd.io',
  'source.toolkit.fluxcd.io',
  'image.toolkit.fluxcd.io',
  'notification.toolkit.fluxcd.io',
];

async function startOf(invocation: Invocation, cluster: Cluster) {
  const { kind: word, name } = namedOf(invocation.words);
  const kind = `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
  const namespace = (invocation.options.namespace as string | undefined) ?? 'default';
  const version = invocation.options['api-version'];
  if (typeof version === 'string') {
    const group = version.includes('/') ? version.slice(0, version.indexOf('/')) : '';
    return read(cluster, { group, kind, namespace, name }, invocation.signal);
  }
  for (const group of groups) {
    const served = await cluster.served(group, kind, undefined, invocation.signal);
    if (!served.ok) return { message: served.failure.message };
    if (served.value !== undefined) return read(cluster, { group, kind, namespace, name }, invocation.signal);
  }
  throw new UsageError(`${kind} is in none of the usual API groups: give --api-version, and the kind as it is written`);
}

function line(ref: ObjectRef, live: LiveObject): string {
  const { status, message } = healthOf(live);
  const revision = revisionOf(live);
  return printable(
    `${titleOfRef(ref)}: ${status}${message === '' ? '' : `, ${message}`}${revision === '' ? '' : ` (${revision})`}`,
  );
}

async function source(invocation: Invocation, cluster: Cluster, live: LiveObject, depth: number): Promise<void> {
  const wanted = sourceOf(live);
  if (wanted === undefined || wanted.kind === '') return;
  const found = await read(cluster, wanted, invocation.signal);
  const path = textAt(live, 'spec', 'path');
  const indent = '  '.repeat(depth + 1);
  if (isRefusal(found))
    invocation.out(`${indent}from ${wanted.kind} ${wanted.namespace}/${wanted.name}: ${printable(found.message)}\n`);
  else {
    const url = textAt(found.live, 'spec', 'url');
    const place = [url, path === '' ? '' : `path ${path}`].filter((part) => part !== '').join(', ');
    invocation.out(`${indent}from ${line(found.ref, found.live)}${place === '' ? '' : `; ${printable(place)}`}\n`);
  }
}

/** The Kustomization or HelmRelease that an object's labels name. */
function ownerOf(live: LiveObject) {
  const labels = valueAt(live, 'metadata', 'labels');
  for (const [group, kind] of [
    ['helm.toolkit.fluxcd.io', 'HelmRelease'],
    ['kustomize.toolkit.fluxcd.io', 'Kustomization'],
  ] as const) {
    const [name, namespace] = [textAt(labels, `${group}/name`), textAt(labels, `${group}/namespace`)];
    if (name !== '') return { group, kind, namespace, name };
  }
  return undefined;
}
