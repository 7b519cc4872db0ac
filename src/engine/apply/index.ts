/** The apply room's doors. */
export { type ApplyOptions, applyPlan } from './apply.ts';
export * from './events.ts';
