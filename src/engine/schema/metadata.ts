/** What the API server asks of every object's metadata beyond its schema: names, labels and annotations. */
import { get, type Mapping, type Node, type Origin, text } from '../yaml/node.ts';
import { type Judge, type Path, report } from './judge.ts';
import { isOpaque } from './opaque.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** Groups whose names are any path segment rather than a DNS name. */
const freeNames = new Set(['rbac.authorization.k8s.io']);
/** Kinds whose names have a form of their own. */
const ownNames = new Set(['IPAddress', 'ServiceCIDR', 'APIService']);

export function judgeMetadata(object: Mapping, group: string, kind: string, anchor: Origin, judge: Judge): void {
  const metadata = get(object, 'metadata');
  if (metadata !== undefined && metadata.kind !== 'mapping') return; // The schema walk has said so.
  const name = get(metadata, 'name');
  if (name === undefined && get(metadata, 'generateName') === undefined && !judge.partial) {
    const at = object.entries.find((entry) => entry.key.text === 'metadata')?.key.at ?? anchor;
    report(judge, 'schema-required', ['metadata'], at, 'metadata needs "name".', { suggestion: 'name' });
  }
  // A patch with a target may be called anything.
  const checked = !judge.partial && !freeNames.has(group) && !ownNames.has(kind);
  if (checked) judgeName(name, ['metadata', 'name'], subdomain, 253, judge);
  judgeName(get(metadata, 'namespace'), ['metadata', 'namespace'], label, 63, judge);
  judgeKeys(get(metadata, 'labels'), ['metadata', 'labels'], judge);
  judgeKeys(get(metadata, 'annotations'), ['metadata', 'annotations'], judge);
}

function judgeName(node: Node | undefined, path: Path, form: RegExp, most: number, judge: Judge): void {
  const name = text(node);
  if (node === undefined || name === undefined || isOpaque(name)) return;
  if (name.length <= most && form.test(name)) return;
  // An empty name in a file is a name still being typed, or one that a generator gives.
  const rule = form === label ? 'lower-case letters, digits and "-"' : 'lower-case letters, digits, "-" and "."';
  const message = `${path.join('.')} must consist of ${rule}, begin and end with a letter or digit, and have at most ${most} characters.`;
  report(judge, 'schema-value', path, node.at, message);
}

/** Keys of labels and annotations, and the values of labels. */
export function judgeKeys(node: Node | undefined, path: Path, judge: Judge): void {
  if (node?.kind !== 'mapping') return;
  for (const { key, value } of node.entries) {
    if (isOpaque(key.text) || (judge.partial && key.text.startsWith('$'))) continue;
    const slash = key.text.indexOf('/');
    const prefix = slash < 0 ? undefined : key.text.slice(0, slash);
    const name = key.text.slice(slash + 1);
    const fine = name.length <= 63 && qualified.test(name);
    if (!fine || (prefix !== undefined && !(prefix.length <= 253 && subdomain.test(prefix)))) {
      const message = `"${key.text}" is not a valid key: it may have a DNS prefix and "/", then up to 63 letters, digits, "-", "_" and ".".`;
      report(judge, 'schema-value', [...path, key.text], key.at, message);
    }
    const content = text(value);
    if (path.at(-1) === 'annotations' || content === undefined || content === '' || isOpaque(content)) continue;
    if (content.length > 63 || !qualified.test(content)) {
      const message = `The label ${key.text} must be at most 63 letters, digits, "-", "_" and ".", and begin and end with a letter or digit.`;
      report(judge, 'schema-value', [...path, key.text], value.at, message);
    }
  }
}
