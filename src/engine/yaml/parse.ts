/** Text to documents. INTERIM: on the `yaml` package; the yaml room replaces the inside, the signature stays. */
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Node as YamlNode } from 'yaml';
import { error, type Problem } from '../problem.ts';
import type { Entry, Node, Origin, ScalarStyle } from './node.ts';

export interface Document {
  /** Absent for an empty document (only comments or nothing). */
  readonly root?: Node;
  readonly at: Origin;
}

export interface ParsedFile {
  readonly documents: readonly Document[];
  /** Syntax errors and exceeded limits; a document with an error has no root. */
  readonly problems: readonly Problem[];
}

/** Reads every document of a YAML (or JSON) text. Never throws. */
export function parse(text: string, file: string): ParsedFile {
  const problems: Problem[] = [];
  const documents: Document[] = [];
  const parsed = parseAllDocuments(text, {
    uniqueKeys: false,
    prettyErrors: false,
    version: '1.1',
    schema: 'failsafe',
  });
  for (const doc of 'empty' in parsed ? [] : parsed) {
    const at = { file, start: doc.range?.[0] ?? 0, end: doc.range?.[2] ?? text.length };
    for (const e of doc.errors)
      problems.push(error('yaml-syntax', e.message, { file, start: e.pos[0], end: e.pos[1] }));
    if (doc.errors.length > 0 || doc.contents === null) {
      documents.push({ at });
      continue;
    }
    documents.push({ root: convert(doc.contents as YamlNode), at });

    function convert(node: YamlNode | null): Node {
      const where: Origin = { file, start: node?.range?.[0] ?? at.start, end: node?.range?.[1] ?? at.start };
      if (node === null) return { kind: 'scalar', text: '', style: 'plain', at: where };
      if (isAlias(node)) return convert((node.resolve(doc as never) as YamlNode | undefined) ?? null);
      if (isMap(node)) {
        const entries = node.items.map((pair): Entry => {
          const key = convert(pair.key as YamlNode | null);
          if (key.kind !== 'scalar') throw new Error('a mapping key must be a scalar');
          return { key, value: convert(pair.value as YamlNode | null) };
        });
        return { kind: 'mapping', entries, at: where };
      }
      if (isSeq(node))
        return { kind: 'sequence', items: node.items.map((i) => convert(i as YamlNode | null)), at: where };
      if (!isScalar(node)) throw new Error('unknown node');
      const style = styles[node.type ?? 'PLAIN'] ?? 'plain';
      const scalar = { kind: 'scalar' as const, text: String(node.value ?? ''), style, at: where };
      return node.tag === undefined || node.tag.endsWith(':str') ? scalar : { ...scalar, tag: node.tag };
    }
  }
  return { documents, problems };
}

const styles: Record<string, ScalarStyle> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
};
