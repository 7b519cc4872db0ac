/** What stands for a source: which tree of files a GitRepository, OCIRepository or Bucket is, offline. */
export * from './compose.ts';
export * from './fields.ts';
export * from './ignore.ts';
export { type ArtifactPlan, type Planned, plannedArtifacts } from './planned.ts';
export * from './tree.ts';
export * from './url.ts';
export * from './watch.ts';
