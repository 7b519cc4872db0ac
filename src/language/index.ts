/** The room's door. */
export type { Diagnostic, Edit, Fix, Knowledge } from './answer.ts';
export { check } from './checks/index.ts';
export { type Completion, complete } from './completion/index.ts';
export { type Hover, hover } from './hover/index.ts';
export { createKnowledge } from './knowledge.ts';
export { type Definition, definitions, type FileLink, links, references } from './links/index.ts';
export { withRendered } from './rendered.ts';
export { type ObjectSymbol, symbols } from './symbols.ts';
