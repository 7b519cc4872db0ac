/** The engine's only door: what the server and the command line may use. Nothing outside imports past it. */
export * from './apply/index.ts';
export * as flux from './flux/index.ts';
export { compileRegexp } from './go/regexp.ts';
export * from './go/semver.ts';
export { readTarGz } from './go/tar.ts';
export * as helm from './helm/index.ts';
export {
  createKustomizer,
  type KustomizeRequest,
  type KustomizeResult,
  type Kustomizer,
  type KustomizeTables,
} from './kustomize/index.ts';
export { hideInMessage, hideNode } from './objects/hide.ts';
export * from './objects/object.ts';
export * from './plan/index.ts';
export * from './ports.ts';
export * from './problem.ts';
export * from './render/desired.ts';
export * from './render/index.ts';
export type { Path, SchemaProblem } from './schema/judge.ts';
export type { PackKind } from './schema/pack.ts';
export type { Schema } from './schema/schema.ts';
export * from './schema/schemas.ts';
export { nearest } from './schema/suggest.ts';
export * from './sources/index.ts';
export * from './status/index.ts';
export * from './workspace/index.ts';
export * from './yaml/node.ts';
export * from './yaml/parse.ts';
export * from './yaml/print.ts';
export * from './yaml/resolve.ts';
