/** The plan room's doors. */

export { planAgainst } from './against.ts';
export { inputsOf } from './hash.ts';
export { type PlanLiveOptions, planLive } from './live.ts';
export { pathText } from './changes.ts';
export type { OwnerSpec } from './owner.ts';
export { originOf } from './origins.ts';
export * from './plan.ts';
