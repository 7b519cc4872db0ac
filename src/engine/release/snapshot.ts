/** What helm-controller notes of a revision in `status.history`, so that it knows the revision for one that it made. */
import { at, type JsonObject, stringAt } from '../status/fields.ts';
import { configDigest, releaseDigest } from './digest.ts';
import type { ReleaseRecord } from './record.ts';

export type ReleaseActionName = 'install' | 'upgrade' | 'rollback' | 'uninstall-remediation';

export interface SnapshotOptions {
  readonly action?: ReleaseActionName;
  /** The digest of the artifact that the chart came by, where that is an OCI one. */
  readonly ociDigest?: string;
}

export function snapshotOf({ json, revision, status }: ReleaseRecord, options: SnapshotOptions = {}): JsonObject {
  const { action, ociDigest = '' } = options;
  const chart = at(json, 'chart', 'metadata');
  const appVersion = stringAt(chart, 'appVersion');
  const deleted = stringAt(json, 'info', 'deleted');
  return {
    apiVersion: 'v2',
    digest: releaseDigest(json, ociDigest),
    name: stringAt(json, 'name'),
    namespace: stringAt(json, 'namespace'),
    version: revision,
    status,
    ...(action === undefined ? {} : { action }),
    chartName: stringAt(chart, 'name'),
    chartVersion: stringAt(chart, 'version'),
    ...(appVersion === '' ? {} : { appVersion }),
    configDigest: configDigest(json.config),
    firstDeployed: seconds(stringAt(json, 'info', 'first_deployed')),
    lastDeployed: seconds(stringAt(json, 'info', 'last_deployed')),
    ...(deleted === '' ? {} : { deleted: seconds(deleted) }),
    ...(ociDigest === '' ? {} : { ociDigest }),
  };
}

/** Whether a snapshot is of this very revision, untouched since. */
export function isSnapshotOf(snapshot: JsonObject, { json }: ReleaseRecord): boolean {
  return stringAt(snapshot, 'digest') === releaseDigest(json, stringAt(snapshot, 'ociDigest'));
}

/** Kubernetes' times have no fractions. */
function seconds(time: string): string {
  const read = Date.parse(time);
  return Number.isNaN(read) ? '0001-01-01T00:00:00Z' : `${new Date(read).toISOString().slice(0, 19)}Z`;
}
