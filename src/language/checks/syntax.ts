/** What the YAML reader itself found wrong. */
import { buildersOf } from '../variables.ts';
import type { Check } from './check.ts';

export const syntax: Check = ({ file, workspace, roles }) => {
  // A template of some other tool is no YAML and nobody's fault, as long as no build reads it.
  const isTemplate = file.problems.length > 0 && file.source.text.includes('{{');
  const isRead = isTemplate && (roles.namedBy(file.path).length > 0 || buildersOf(workspace, file.path).length > 0);
  return isTemplate && !isRead ? [] : file.problems;
};
