/** What the YAML reader itself found wrong. */
import type { Check } from './check.ts';

export const syntax: Check = ({ file }) => file.problems;
