/** The apply room's doors. */
export { type ApplyOptions, applyPlan } from './apply.ts';
export * from './events.ts';
export { suspendedAnnotation } from './owner.ts';
