/**
 * YAML text in the order and style in which it was read, as yaml.v3 writes a node that was changed: two spaces, lists not
 * indented under their key, quotes, blocks and flow collections kept, comments where they stood.
 */
import type { Mapping, Node, Scalar, Sequence } from '../../../yaml/node.ts';
import type { Comment } from '../../../yaml/parse.ts';
import { resolve } from '../../../yaml/resolve.ts';

/** A text as it was read: its nodes carry `file` in their origins, which tells them from what was put among them. */
export interface Original {
  readonly text: string;
  readonly file: string;
  readonly comments: readonly Comment[];
}

export function writeYaml(node: Node, original: Original): string {
  return new Writer(original).document(node).trim();
}

const margin = (indent: number): string => ' '.repeat(indent);

class Writer {
  private readonly original: Original;
  private next = 0;

  constructor(original: Original) {
    this.original = original;
  }

  document(node: Node): string {
    return this.write(node, 0) + this.commentsBefore(this.original.text.length + 1, 0);
  }

  /** A value that stands behind a key, a dash or nothing, its line ended. */
  private write(node: Node, indent: number): string {
    if (node.kind === 'scalar') return `${writeScalar(node, indent)}${this.trailing(node)}\n`;
    const isEmpty = node.kind === 'sequence' ? node.items.length === 0 : node.entries.length === 0;
    if (isEmpty || this.isFlow(node)) return `${writeFlow(node)}${this.trailing(node)}\n`;
    return node.kind === 'sequence' ? this.sequence(node, indent) : this.mapping(node, indent);
  }

  private mapping(node: Mapping, indent: number): string {
    return node.entries
      .map(({ key, value }, index) => {
        const comments = this.commentsBefore(this.startOf(key), indent);
        const lead =
          index === 0 ? comments.trimStart() + (comments === '' ? '' : margin(indent)) : comments + margin(indent);
        return `${lead}${this.entry(key, value, indent)}`;
      })
      .join('');
  }

  private entry(key: Scalar, value: Node, indent: number): string {
    const start = `${writeScalar(key, indent)}:`;
    const isBlock = value.kind !== 'scalar' && !this.isFlow(value);
    if (isBlock && value.kind === 'mapping' && value.entries.length > 0) {
      return `${start}${this.trailing(key)}\n${margin(indent + 2)}${this.mapping(value, indent + 2)}`;
    }
    if (isBlock && value.kind === 'sequence' && value.items.length > 0) {
      return `${start}${this.trailing(key)}\n${margin(indent)}${this.sequence(value, indent)}`;
    }
    const text = this.write(value, indent + 2);
    return text === '\n' ? `${start}\n` : `${start} ${text}`;
  }

  private sequence(node: Sequence, indent: number): string {
    return node.items
      .map((item, index) => {
        const comments = this.commentsBefore(this.startOf(item), indent);
        const lead =
          index === 0 ? comments.trimStart() + (comments === '' ? '' : margin(indent)) : comments + margin(indent);
        return `${lead}- ${this.write(item, indent + 2)}`;
      })
      .join('');
  }

  private isOwn(node: Node): boolean {
    return node.at.file === this.original.file;
  }

  private startOf(node: Node): number {
    return this.isOwn(node) ? node.at.start : -1;
  }

  private isFlow(node: Node): boolean {
    return this.isOwn(node) && '{['.includes(this.original.text.charAt(node.at.start));
  }

  /** The comments that stand before an offset, each on a line of its own. */
  private commentsBefore(offset: number, indent: number): string {
    let out = '';
    for (;;) {
      const comment = this.original.comments[this.next];
      if (comment === undefined || comment.start >= offset) return out;
      out += `${margin(indent)}${this.textOf(comment)}\n`;
      this.next++;
    }
  }

  /** The comment behind a node on its line. */
  private trailing(node: Node): string {
    const comment = this.original.comments[this.next];
    if (comment === undefined) return '';
    const lineStart = this.original.text.lastIndexOf('\n', comment.start) + 1;
    const isAlone = this.original.text.slice(lineStart, comment.start).trim() === '';
    if (isAlone || (this.isOwn(node) && (node.at.start < lineStart || node.at.start > comment.start))) return '';
    this.next++;
    return ` ${this.textOf(comment)}`;
  }

  private textOf({ text }: Comment): string {
    return text.trimEnd();
  }
}

function writeFlow(node: Node): string {
  if (node.kind === 'scalar') return writeFlowScalar(node);
  if (node.kind === 'sequence') return `[${node.items.map(writeFlow).join(', ')}]`;
  return `{${node.entries.map(({ key, value }) => `${writeFlowScalar(key)}: ${writeFlow(value)}`).join(', ')}}`;
}

function writeFlowScalar(scalar: Scalar): string {
  const written = writeScalar(scalar, 0);
  const isPlain = written === scalar.text;
  return isPlain && /[,[\]{}]/.test(written) ? `'${written.replaceAll("'", "''")}'` : written;
}

function writeScalar(scalar: Scalar, indent: number): string {
  const { text, style, tag } = scalar;
  if (style === 'literal' && text !== '') return writeBlock('|', text, indent);
  if (style === 'folded' && text !== '') return writeBlock('>', text, indent);
  if (style === 'double') return JSON.stringify(text);
  if (style === 'single') return `'${text.replaceAll("'", "''")}'`;
  if (text.includes('\n')) return writeBlock('|', text, indent);
  const plain: Scalar = { kind: 'scalar', text, style: 'plain', at: scalar.at };
  const value = resolve(plain, 'kyaml');
  if (tag === '!!str') {
    if (value !== text) return JSON.stringify(text);
  } else if (tag !== undefined && typeName(value) !== tag) return `${tag} ${text}`;
  return isPlainSafe(text) || text === '' ? text : `'${text.replaceAll("'", "''")}'`;
}

function typeName(value: ReturnType<typeof resolve>): string {
  if (value === null) return '!!null';
  if (typeof value === 'boolean') return '!!bool';
  if (typeof value === 'string') return '!!str';
  return typeof value === 'bigint' || Number.isInteger(value) ? '!!int' : '!!float';
}

function isPlainSafe(text: string): boolean {
  return text !== '' && !/^[\s\-?:,[\]{}#&*!|>'"%@`]|: |\s#|[:\s]$/.test(text.replace(/^[-?:](?=\S)/, 'x'));
}

function writeBlock(mark: '|' | '>', text: string, indent: number): string {
  const chomp = text.endsWith('\n\n') || text === '\n' ? '+' : text.endsWith('\n') ? '' : '-';
  const lines = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? '' : `${margin(Math.max(indent, 2))}${line}`));
  // yaml.v3 leaves an empty line behind a folded block that ends in a line break.
  const end = mark === '>' && chomp === '' ? '\n' : '';
  return `${mark}${/^\s/.test(text) ? '2' : ''}${chomp}\n${lines.join(mark === '>' ? '\n\n' : '\n')}${end}`;
}
