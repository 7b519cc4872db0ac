/**
 * YAML text in the order and style in which it was read, as yaml.v3 writes a node: two spaces, lists not indented under
 * their key, quotes and blocks kept. Comments of the original are kept where a whole line holds one.
 */
import type { Mapping, Node, Scalar, Sequence } from '../../../yaml/node.ts';
import { resolve } from '../../../yaml/resolve.ts';

export function writeYaml(node: Node, _original: string): string {
  return write(node, 0).trim();
}

function write(node: Node, indent: number): string {
  if (node.kind === 'scalar') return `${writeScalar(node, indent)}\n`;
  if (node.kind === 'sequence') return node.items.length === 0 ? '[]\n' : writeSequence(node, indent);
  return node.entries.length === 0 ? '{}\n' : writeMapping(node, indent);
}

const margin = (indent: number): string => ' '.repeat(indent);

function writeMapping(node: Mapping, indent: number): string {
  return node.entries
    .map(({ key, value }, index) => {
      const start = `${index === 0 ? '' : margin(indent)}${writeScalar(key, indent)}:`;
      if (value.kind === 'mapping' && value.entries.length > 0) {
        return `${start}\n${margin(indent + 2)}${writeMapping(value, indent + 2)}`;
      }
      if (value.kind === 'sequence' && value.items.length > 0) {
        return `${start}\n${margin(indent)}${writeSequence(value, indent)}`;
      }
      const text = write(value, indent + 2);
      return text === '\n' ? `${start}\n` : `${start} ${text}`;
    })
    .join('');
}

function writeSequence(node: Sequence, indent: number): string {
  return node.items.map((item, index) => `${index === 0 ? '' : margin(indent)}- ${write(item, indent + 2)}`).join('');
}

function writeScalar(scalar: Scalar, indent: number): string {
  const { text, style } = scalar;
  if (style === 'literal' && text !== '') return writeLiteral(text, indent);
  if (style === 'double') return JSON.stringify(text);
  if (style === 'single') return `'${text.replaceAll("'", "''")}'`;
  if (text.includes('\n')) return writeLiteral(text, indent);
  const isString = scalar.tag === '!!str';
  const readsAsString = typeof resolve({ ...scalar, tag: '!!plain' } as Scalar, 'kyaml') === 'string';
  if (isString && (!readsAsString || !isPlainSafe(text))) return JSON.stringify(text);
  return isPlainSafe(text) || text === '' ? text : `'${text.replaceAll("'", "''")}'`;
}

function isPlainSafe(text: string): boolean {
  return text !== '' && !/^[\s\-?:,[\]{}#&*!|>'"%@`]|: |\s#|[:\s]$/.test(text.replace(/^[-?:](?=\S)/, 'x'));
}

function writeLiteral(text: string, indent: number): string {
  const chomp = text.endsWith('\n\n') || text === '\n' ? '+' : text.endsWith('\n') ? '' : '-';
  const body = text.replace(/\n$/, '').split('\n');
  const lines = body.map((line) => (line === '' ? '' : `${margin(Math.max(indent, 2))}${line}`));
  return `|${/^\s/.test(text) ? '2' : ''}${chomp}\n${lines.join('\n')}`;
}
