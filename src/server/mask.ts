/** Secrets out of a rendered document, its lines and their origins kept. */
import { type DesiredObject, fromBase64, get, hideNode, type Node, set, text } from '../engine/index.ts';

const masked = '***';

/** The object with the values of a Secret masked, and wherever else a value of one landed. */
export function maskObject({ id, node, secretValues = [] }: DesiredObject): Node {
  const known = hideNode(node, secretValues);
  if (id.kind !== 'Secret' || id.group !== '' || known.kind !== 'mapping') return known;
  const entries = known.entries.map(({ key, value }) =>
    key.text === 'data' || key.text === 'stringData' ? { key, value: maskAll(value) } : { key, value },
  );
  // A note beside the data may quote it.
  const own = secretTexts(node).filter((text) => text.length >= 8);
  const metadata = get(known, 'metadata');
  const annotations = get(metadata, 'annotations');
  const closed = { ...known, entries };
  if (annotations === undefined || metadata?.kind !== 'mapping') return closed;
  return set(closed, 'metadata', set(metadata, 'annotations', hideNode(annotations, own)));
}

/** What SOPS encrypted may be shown as it is. */
function maskAll(node: Node): Node {
  return mapScalars(node, (value) => (value.startsWith('ENC[') ? value : masked));
}

function mapScalars(node: Node, change: (text: string) => string): Node {
  if (node.kind === 'mapping')
    return { ...node, entries: node.entries.map(({ key, value }) => ({ key, value: mapScalars(value, change) })) };
  if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => mapScalars(item, change)) };
  const changed = change(node.text);
  return changed === node.text ? node : { ...node, text: changed, tag: '!!str' };
}

function secretTexts(node: Node): readonly string[] {
  return ['data', 'stringData'].flatMap((field) => {
    const map = get(node, field);
    const texts = map?.kind === 'mapping' ? map.entries.flatMap(({ value }) => text(value) ?? []) : [];
    return field === 'data' ? [...texts, ...texts.map(fromBase64)] : texts;
  });
}
