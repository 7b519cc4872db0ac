/** Secrets out of a rendered document, its lines and their origins kept. */
import type { DesiredObject, Node } from '../engine/index.ts';

const masked = '***';

/** The object with the values of a Secret masked, and wherever else a value of one landed. */
export function maskObject({ id, node, secretValues = [] }: DesiredObject): Node {
  const known = secretValues.length === 0 ? node : maskTexts(node, secretValues);
  if (id.kind !== 'Secret' || id.group !== '' || known.kind !== 'mapping') return known;
  const entries = known.entries.map(({ key, value }) =>
    key.text === 'data' || key.text === 'stringData' ? { key, value: maskAll(value) } : { key, value },
  );
  return { ...known, entries };
}

function maskTexts(node: Node, secrets: readonly string[]): Node {
  return mapScalars(node, (text) => secrets.reduce((left, secret) => left.replaceAll(secret, masked), text));
}

/** What SOPS encrypted may be shown as it is. */
function maskAll(node: Node): Node {
  return mapScalars(node, (text) => (text.startsWith('ENC[') ? text : masked));
}

function mapScalars(node: Node, change: (text: string) => string): Node {
  if (node.kind === 'mapping')
    return { ...node, entries: node.entries.map(({ key, value }) => ({ key, value: mapScalars(value, change) })) };
  if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => mapScalars(item, change)) };
  const text = change(node.text);
  return text === node.text ? node : { ...node, text, tag: '!!str' };
}
