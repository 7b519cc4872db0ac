/** Helm's release storage in a cluster: Secrets of the type `helm.sh/release.v1`, found by their labels. */
import type { Cluster, ClusterAnswer, LiveObject, ObjectRef } from '../ports.ts';
import { decodeRecord, encodeRecord, type ReleaseName, type ReleaseRecord } from './record.ts';

const secrets = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };

/** Helm's client in helm-controller writes under this name, and so does Sluice in its place. */
export const helmManager = 'helm-controller';

/** The revisions of a release, oldest first. Without `all`, those that a later one superseded are left out. */
export async function readReleases(
  cluster: Cluster,
  { namespace, name }: ReleaseName,
  which: 'all' | 'standing',
  signal?: AbortSignal,
): Promise<ClusterAnswer<readonly ReleaseRecord[]>> {
  const labelSelector = `owner=helm,name=${name}${which === 'all' ? '' : ',status!=superseded'}`;
  const answer = await cluster.list(secrets, { namespace, labelSelector }, signal);
  if (!answer.ok) return answer;
  const records = answer.value.flatMap((secret) => decodeRecord(secret) ?? []);
  return { ok: true, value: [...records].sort((a, b) => a.revision - b.revision) };
}

/** A new revision. That it exists already means that somebody else is at work on the release. */
export function createRelease(
  cluster: Cluster,
  where: ReleaseName,
  record: ReleaseRecord,
  now: number,
): Promise<ClusterAnswer<LiveObject>> {
  const { status, revision } = record;
  const labels = {
    createdAt: seconds(now),
    name: where.name,
    owner: 'helm',
    status,
    version: String(revision),
  };
  const { apiVersion, kind, namespace, name } = refOf(where, revision);
  const secret = {
    apiVersion,
    kind,
    metadata: { name, namespace, labels },
    type: 'helm.sh/release.v1',
    data: { release: encodeRecord(record) },
  };
  return cluster.create(secret, { manager: helmManager });
}

/** Writes a revision that is stored already; like Helm, it says when instead of since when. */
export function updateRelease(
  cluster: Cluster,
  where: ReleaseName,
  record: ReleaseRecord,
  now: number,
): Promise<ClusterAnswer<LiveObject>> {
  const labels = { createdAt: null, modifiedAt: seconds(now), status: record.status };
  const patch = { metadata: { labels }, data: { release: encodeRecord(record) } };
  return cluster.patch(refOf(where, record.revision), patch, { manager: helmManager });
}

export function deleteRelease(
  cluster: Cluster,
  where: ReleaseName,
  revision: number,
): Promise<ClusterAnswer<LiveObject>> {
  return cluster.delete(refOf(where, revision), { propagation: 'Background' });
}

function refOf({ namespace, name }: ReleaseName, revision: number): ObjectRef {
  return { apiVersion: 'v1', kind: 'Secret', namespace, name: `sh.helm.release.v1.${name}.v${revision}` };
}

function seconds(now: number): string {
  return String(Math.floor(now / 1000));
}
