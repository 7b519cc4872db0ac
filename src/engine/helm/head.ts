/**
 * What Helm decodes of every document before anything else: apiVersion, kind, name and annotations. What does not fit is
 * its error, in the words of Go's JSON decoder.
 */
import { get, type Mapping, type Node } from '../yaml/node.ts';
import { keyText, resolve } from '../yaml/resolve.ts';

const text = 'string';
const texts = 'map[string]string';
const metadataType = String.raw`struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }`;

/** The kind of a document, or the error's text. */
export function readHead(root: Node | undefined, printed: string, helm: 3 | 4): { readonly kind: string } | string {
  if (root === undefined || isNull(root)) return { kind: '' };
  if (root.kind !== 'mapping') return cannot(root, `value of type ${helm === 3 ? 'releaseutil' : 'util'}.SimpleHead`);
  const infinite = /\.(inf|nan)\b/i.test(printed) ? unprintable(root) : undefined;
  if (infinite !== undefined) return `error converting YAML to JSON: json: unsupported value: ${infinite}`;
  const kind = field(root, 'kind');
  const wrong =
    misfit(field(root, 'apiVersion'), 'SimpleHead.apiVersion', text) ??
    misfit(kind, 'SimpleHead.kind', text) ??
    metadataMisfit(field(root, 'metadata'));
  return wrong ?? { kind: kind?.kind === 'scalar' && !isNull(kind) ? kind.text : '' };
}

function metadataMisfit(metadata: Node | undefined): string | undefined {
  if (metadata?.kind !== 'mapping') return misfit(metadata, 'SimpleHead.metadata', metadataType);
  return (
    misfit(field(metadata, 'annotations'), '.metadata.annotations', texts) ??
    misfit(field(metadata, 'name'), '.metadata.name', text)
  );
}

/** Numbers and booleans become text where text is wanted; null is as good as absent. */
function misfit(node: Node | undefined, path: string, type: string): string | undefined {
  if (node === undefined || isNull(node) || (type === text && node.kind === 'scalar')) return undefined;
  if (type !== texts || node.kind !== 'mapping') return cannot(node, `struct field ${path} of type ${type}`);
  for (const key of node.entries.map((entry) => keyText(entry.key, 'sigs')).sort()) {
    const wrong = misfit(get(node, key), path, text);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Go takes a field in any spelling of its name. */
function field(node: Mapping, name: string): Node | undefined {
  const wanted = name.toLowerCase();
  return get(node, name) ?? node.entries.find(({ key }) => keyText(key, 'sigs').toLowerCase() === wanted)?.value;
}

function cannot(node: Node, into: string): string {
  const json =
    node.kind === 'mapping' ? 'object' : node.kind === 'sequence' ? 'array' : scalarType(resolve(node, 'sigs'));
  return `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${json} into Go ${into}`;
}

function scalarType(value: unknown): string {
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'number';
}

function isNull(node: Node): boolean {
  return node.kind === 'scalar' && resolve(node, 'sigs') === null;
}

/** A number that JSON does not know, in Go's spelling. */
function unprintable(node: Node): string | undefined {
  if (node.kind === 'scalar') {
    const value = resolve(node, 'sigs');
    if (typeof value !== 'number' || Number.isFinite(value)) return undefined;
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  }
  const inside = node.kind === 'sequence' ? node.items : node.entries.map(({ value }) => value);
  for (const one of inside) {
    const found = unprintable(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
