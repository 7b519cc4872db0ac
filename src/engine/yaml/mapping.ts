/** What closes a mapping: duplicate keys are found, merge keys expanded. */

import { fail } from './cursor.ts';
import type { Composer } from './inline.ts';
import type { Entry, Mapping, Node, Origin, Scalar } from './node.ts';

export interface DuplicateKey {
  readonly key: Scalar;
  readonly first: Scalar;
}

export function finishMapping(c: Composer, entries: readonly Entry[], at: Origin): Mapping {
  let merges = false;
  for (const { key } of entries) if (isMerge(key)) merges = true;
  findDuplicates(entries, c.duplicates);
  const all = merges ? expand(entries, c.merge) : entries;
  return c.cursor.flowDepth > 0
    ? { kind: 'mapping', entries: all, flow: true, at }
    : { kind: 'mapping', entries: all, at };
}

/** Plain `<<`, or any scalar with that text and the tag `!!merge`. */
function isMerge(key: Scalar): boolean {
  if (key.text !== '<<') return false;
  return key.tag === undefined ? key.style === 'plain' : key.tag === '!!merge' || key.tag === '!';
}

/** Small mappings compare pairwise, larger ones through a table: never more than linear work for many keys. */
function findDuplicates(entries: readonly Entry[], found: DuplicateKey[]): void {
  if (entries.length > 12) {
    const seen = new Map<string, Scalar>();
    for (const { key } of entries) {
      const first = seen.get(key.text);
      if (first === undefined) seen.set(key.text, key);
      else found.push({ key, first });
    }
    return;
  }
  for (let i = 1; i < entries.length; i++) {
    const { key } = entries[i]!;
    for (let j = 0; j < i; j++) {
      if (entries[j]!.key.text === key.text) {
        found.push({ key, first: entries[j]!.key });
        break;
      }
    }
  }
}

/**
 * Own entries first, then the merged ones that are not among them; of several merged mappings the first wins.
 * yaml.v2 merges where the key stands: what was written before it is overridden.
 */
function expand(entries: readonly Entry[], dialect: 'kyaml' | 'sigs'): readonly Entry[] {
  const own = new Map<string, Entry>();
  for (const { key, value } of entries) {
    if (!isMerge(key)) {
      own.set(key.text, { key: own.get(key.text)?.key ?? key, value });
    } else if (dialect === 'sigs') {
      for (const entry of [...merged(value, key).values()]) own.set(entry.key.text, entry);
    }
  }
  if (dialect === 'sigs') return [...own.values()];
  for (const { key, value } of entries) {
    if (!isMerge(key)) continue;
    for (const [text, entry] of merged(value, key)) if (!own.has(text)) own.set(text, entry);
  }
  return [...own.values()];
}

/** The entries that a merge key brings. */
function merged(value: Node, key: Scalar): ReadonlyMap<string, Entry> {
  const out = new Map<string, Entry>();
  for (const source of value.kind === 'sequence' ? value.items : [value]) {
    if (source.kind !== 'mapping') {
      fail('map merge requires map or sequence of maps as the value', key.at.start, key.at.end);
    }
    for (const entry of source.entries) if (!out.has(entry.key.text)) out.set(entry.key.text, entry);
  }
  return out;
}
