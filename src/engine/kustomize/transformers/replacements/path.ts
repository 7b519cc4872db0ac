/**
 * The places that a replacement's field path leads to: keys, indexes, `[field=pattern]`, `[=pattern]` and `*`, made where
 * they are absent and creation is asked for.
 */
import { compileRegexp } from '../../../go/regexp.ts';
import type { Mapping, Node, Origin, Scalar, Sequence } from '../../../yaml/node.ts';
import { printAll } from '../../../yaml/print.ts';
import { parseText } from '../../read.ts';
import { Refusal } from '../../refusal.ts';
import {
  bare,
  demand,
  entryOf,
  isCondition,
  isIndex,
  isNull,
  type Kind,
  splitCondition,
  withEntry,
} from '../../tree.ts';

export interface PathVisit {
  /** The kind of what is made at the end of the path; undefined: nothing is made. */
  readonly createKind: Kind | undefined;
  change(found: Node): Node;
  readonly at: Origin;
}

export interface PathResult {
  readonly node: Node;
  /** How many places were changed. */
  readonly count: number;
}

export function matchPath(node: Node, parts: readonly string[], visit: PathVisit): PathResult {
  const [part, ...rest] = parts;
  if (part === undefined) return { node: visit.change(node), count: 1 };
  if (isIndex(part)) return matchIndex(node, Number(part), rest, visit);
  if (isCondition(part)) return matchCondition(node, part, rest, visit);
  if (part === '*') return matchEvery(node, rest, visit);
  return matchField(node, part, rest, visit);
}

/** What to make for a part of a path, by what comes after it. */
function kindFor(next: string | undefined, last: Kind): Kind {
  if (next === undefined || next === '') return last;
  return isCondition(next) || isIndex(next) ? 'sequence' : 'mapping';
}

function make(kind: Kind, at: Origin): Node {
  if (kind === 'mapping') return { kind, entries: [], at };
  if (kind === 'sequence') return { kind, items: [], at };
  return bare('', at);
}

function matchField(node: Node, part: string, rest: readonly string[], visit: PathVisit): PathResult {
  if (isNull(node)) {
    if (visit.createKind === undefined) return { node, count: 0 };
    throw new Refusal('a null cannot take a field', node.at);
  }
  demand(node, 'mapping');
  const mapping = node as Mapping;
  let field = entryOf(mapping, part)?.value;
  if (field === undefined) {
    if (visit.createKind === undefined) return { node, count: 0 };
    field = make(kindFor(rest[0], visit.createKind), visit.at);
  }
  if (field.kind === 'scalar' && rest.length > 0) {
    // kyaml reads the text as YAML and changes what it read; the text itself stays as it was.
    const inner = parseText(field.text, field.at);
    if (inner === undefined) return { node, count: 0 };
    return { node, count: matchPath(inner, rest, visit).count };
  }
  const found = matchPath(field, rest, visit);
  return { node: withEntry(mapping, part, found.node, visit.at), count: found.count };
}

function matchIndex(node: Node, index: number, rest: readonly string[], visit: PathVisit): PathResult {
  const items = itemsOf(node);
  if (index === items.length && visit.createKind !== undefined && node.kind === 'sequence') {
    items.push(make(kindFor(rest[0], visit.createKind), visit.at));
  }
  const item = items[index];
  if (item === undefined) {
    throw new Refusal(`index ${index} specified but only ${items.length} elements found`, visit.at);
  }
  const found = matchPath(item, rest, visit);
  items[index] = found.node;
  return { node: { ...(node as Sequence), items }, count: found.count };
}

function itemsOf(node: Node): Node[] {
  demand(node, 'sequence');
  return node.kind === 'sequence' ? [...node.items] : [];
}

function matchEvery(node: Node, rest: readonly string[], visit: PathVisit): PathResult {
  let count = 0;
  const items = itemsOf(node).map((item) => {
    const found = matchPath(item, rest, visit);
    count += found.count;
    return found.node;
  });
  return { node: node.kind === 'sequence' ? { ...node, items } : node, count };
}

function matchCondition(node: Node, part: string, rest: readonly string[], visit: PathVisit): PathResult {
  const { field, value } = splitCondition(part, visit.at);
  const compiled = compileRegexp(value);
  if (!compiled.ok) throw new Refusal(compiled.error, visit.at);
  const pass = (items: readonly Node[]): { items: Node[]; count: number } => {
    let count = 0;
    const changed = items.map((item) => {
      const tested = field === '' ? item : item.kind === 'mapping' ? entryOf(item, field)?.value : undefined;
      if (tested === undefined || !compiled.regexp.test(yamlText(tested))) return item;
      if (field === '') {
        count++;
        return visit.change(item);
      }
      const found = matchPath(item, rest, visit);
      count += found.count;
      return found.node;
    });
    return { items: changed, count };
  };
  const first = pass(itemsOf(node));
  if (first.count > 0 || visit.createKind === undefined || node.kind !== 'sequence') {
    return { node: node.kind === 'sequence' ? { ...node, items: first.items } : node, count: first.count };
  }
  const made: Node =
    field === ''
      ? bare(value, visit.at)
      : {
          kind: 'mapping',
          entries: [{ key: { ...bare(field, visit.at), tag: '!!str' }, value: bare(value, visit.at) }],
          at: visit.at,
        };
  const second = pass([...node.items, made]);
  return { node: { ...node, items: second.items }, count: second.count };
}

/** A value as YAML on its own, which is what kyaml holds the pattern against. */
function yamlText(node: Node): string {
  if (node.kind !== 'scalar') return printAll([node], 'kyaml').trim();
  return quotedText(node);
}

function quotedText(scalar: Scalar): string {
  if (scalar.style === 'double') return JSON.stringify(scalar.text);
  if (scalar.style === 'single') return `'${scalar.text.replaceAll("'", "''")}'`;
  return printAll([scalar], 'kyaml').trim();
}
