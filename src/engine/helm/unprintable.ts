/** What JSON does not know: Helm reads all YAML by way of it, and refuses infinite numbers and keys that are null. */
import type { Node } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';

const suspicious = /\.(?:inf|nan)\b|(?:^|[{,?-])[ \t]*(?:~|null)?[ \t]*:(?:\s|$)/im;

/** The first such thing in a document, in the words of the conversion. */
export function unprintableIn(text: string, root: Node | undefined): string | undefined {
  return root !== undefined && suspicious.test(text) ? find(root) : undefined;
}

function find(node: Node): string | undefined {
  if (node.kind === 'scalar') {
    const value = resolve(node, 'sigs');
    if (typeof value !== 'number' || Number.isFinite(value)) return undefined;
    return `json: unsupported value: ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`;
  }
  if (node.kind === 'mapping' && node.entries.some(({ key }) => resolve(key, 'sigs') === null))
    return 'unsupported map key of type: %!s(<nil>), key: <nil>';
  const inside = node.kind === 'sequence' ? node.items : node.entries.map(({ value }) => value);
  for (const one of inside) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
