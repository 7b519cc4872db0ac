/** The plan room's doors. */

export { planAgainst } from './against.ts';
export { inputsOf } from './hash.ts';
export { type PlanLiveOptions, planLive } from './live.ts';
export * from './plan.ts';
