/**
 * Replacements inside a scalar that itself holds JSON or YAML (a ConfigMap's file): the path goes on inside the text, and
 * the text is written anew, as JSON in the style it had, or as YAML.
 */

import { jsonFault } from '../../../yaml/fault.ts';
import type { Mapping, Node, Origin, Scalar } from '../../../yaml/node.ts';
import { parse } from '../../../yaml/parse.ts';
import { toJson } from '../../../yaml/resolve.ts';
import { goJson } from '../../gojson.ts';
import { Refusal } from '../../refusal.ts';
import { lookup } from '../../tree.ts';
import { matchPath, type PathVisit } from './path.ts';
import { type Original, writeYaml } from './yamltext.ts';

/** The object with the change made inside the scalar that the path leads through; undefined when there is none. */
export function replaceInside(node: Mapping, parts: readonly string[], visit: PathVisit): Mapping | undefined {
  if (parts.length < 2) return undefined;
  const found = findScalar(node, parts);
  if (found === undefined) return undefined;
  const { scalar, original, data, depth } = found;
  const changed = attempt(() => matchPath(data, parts.slice(depth), visit));
  if (changed === undefined || changed.count === 0) return undefined;
  const text = serialize(changed.node, original);
  if (text === undefined) return undefined;
  const origin: Origin = { ...visit.at, via: scalar.at };
  const replaced: Scalar = { ...scalar, text, at: origin };
  return matchPath(node, parts.slice(0, depth), { createKind: undefined, at: visit.at, change: () => replaced })
    .node as Mapping;
}

function attempt<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (thrown) {
    if (thrown instanceof Refusal) return undefined;
    throw thrown;
  }
}

/** The file that nodes inside the text carry, so that they are told from what is put among them. */
const inner = '\0inside';

interface Found {
  readonly scalar: Scalar;
  readonly original: Original;
  readonly data: Node;
  /** How many parts of the path lead to the scalar. */
  readonly depth: number;
}

function findScalar(node: Mapping, parts: readonly string[]): Found | undefined {
  for (let depth = 1; depth < parts.length; depth++) {
    const found = attempt(() => lookup(node, parts.slice(0, depth)));
    if (found?.kind !== 'scalar') continue;
    const parsed = parse(found.text, inner);
    const data = parsed.documents[0]?.root;
    if (data === undefined || parsed.problems.some(({ severity }) => severity === 'error')) continue;
    const original = { text: found.text, file: inner, comments: parsed.comments };
    return { scalar: found, original, data, depth };
  }
  return undefined;
}

function serialize(data: Node, original: Original): string | undefined {
  const { text } = original;
  const first = text.trim()[0];
  if (first !== '{' && first !== '[') return writeYaml(data, original);
  if (data.kind === 'scalar' || jsonFault(data) !== undefined) return undefined;
  const isIndented = text.includes('\n') && text.includes('  ');
  return goJson(toJson(data, 'kyaml'), isIndented ? '  ' : undefined);
}
