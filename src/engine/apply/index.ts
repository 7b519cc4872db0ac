/** The apply room's doors. */
export { applyPlan } from './apply.ts';
export * from './events.ts';
export { type FollowEvent, type FollowOptions, type FollowStep, followCommit, followSteps } from './follow.ts';
export { sentEverything, unfinished, unfinishedLines, unfinishedTitle } from './journal.ts';
export { byHandAnnotation, suspendedAnnotation } from './owner.ts';
export { type Protection, type ProtectionSettings, protectionOf } from './protection.ts';
export type { ApplyOptions } from './turn.ts';
export { type Away, openWaysBack, suspensionIn, type WayBack, wayBackOf } from './wayback.ts';
