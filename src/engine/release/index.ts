/** The room's door: Helm's release records, and the storage that holds them. */
export { commonMetadataDigest, configDigest, postRenderersDigest, releaseDigest } from './digest.ts';
export { makeRecord, type Revision } from './make.ts';
export { objectsIn } from './manifest.ts';
export { decodeRecord, isPending, type ReleaseName, type ReleaseRecord, recordOf, withStatus } from './record.ts';
export { madeFrom } from './same.ts';
export { isSnapshotOf, type ReleaseActionName, type SnapshotOptions, snapshotOf } from './snapshot.ts';
export { createRelease, deleteRelease, helmManager, readReleases, updateRelease } from './storage.ts';
