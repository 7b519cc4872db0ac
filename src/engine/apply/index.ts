/** The apply room's doors. */
export { applyPlan } from './apply.ts';
export * from './events.ts';
export { suspendedAnnotation } from './owner.ts';
export type { ApplyOptions } from './turn.ts';
