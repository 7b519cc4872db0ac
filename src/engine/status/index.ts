/** The status room's doors. */
export * from './health.ts';
export { type KResult, type KStatus, kstatusOf } from './kstatus.ts';
