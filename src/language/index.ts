/** The room's door. */
export type { Diagnostic, Edit, Fix, Knowledge } from './answer.ts';
export { check } from './checks/index.ts';
export { createKnowledge } from './knowledge.ts';
