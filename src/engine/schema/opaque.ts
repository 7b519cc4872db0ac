/**
 * Text whose value is not known yet: a substitution that Flux makes later (`${VAR}`), a variable of kustomize
 * (`$(VAR)`), or a value that SOPS encrypted.
 * What is not known is not judged, so that neither gives a false problem.
 */
import type { Node } from '../yaml/node.ts';

/** Whether a scalar's final value is not what the file says. `$${VAR}` is an escape, but stays unjudged all the same. */
export function isOpaque(text: string): boolean {
  if (text.includes('$')) return /\$\{[^}]*\}|\$\([A-Za-z_]\w*\)/.test(text);
  return text.startsWith('ENC[') && text.endsWith(']');
}

/** Whether anything below `node` is opaque. */
export function hasOpaque(node: Node): boolean {
  if (node.kind === 'scalar') return isOpaque(node.text);
  if (node.kind === 'sequence') return node.items.some(hasOpaque);
  return node.entries.some((entry) => isOpaque(entry.key.text) || hasOpaque(entry.value));
}
