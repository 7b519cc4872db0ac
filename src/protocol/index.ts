/** The protocol's only door. */
export type * from './apply.ts';
export type * from './messages.ts';
export type * from './plan.ts';
export type * from './tree.ts';
