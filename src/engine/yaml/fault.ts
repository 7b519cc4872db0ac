/**
 * What makes kustomize refuse to print a tree: JSON has no infinity and no keys but strings, and an explicit tag must
 * fit its text. The reader accepts all of it, as yaml.v3 does; the error comes when the object becomes JSON.
 */
import { decodeBinary } from './binary.ts';
import type { Node, Origin, Scalar } from './node.ts';
import { resolve, resolvePlain } from './resolve.ts';

export interface Fault {
  readonly message: string;
  readonly at: Origin;
}

/** The first place of a tree that kustomize cannot turn into JSON; undefined when there is none. */
export function jsonFault(root: Node): Fault | undefined {
  if (root.kind === 'scalar') return { message: 'a document must be a mapping or a sequence', at: root.at };
  if (sound.has(root)) return undefined;
  const fault = faultIn(root, 'root');
  if (fault === undefined) sound.add(root);
  return fault;
}

/** Trees without a fault: nodes never change, so an object that a build reuses is not walked again. */
const sound = new WeakSet<Node>();

function faultIn(node: Node, place: 'root' | 'inside'): Fault | undefined {
  if (node.kind === 'scalar') return scalarFault(node);
  if (node.kind === 'sequence') {
    for (const item of node.items) {
      const fault = faultIn(item, 'inside');
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  for (const { key, value } of node.entries) {
    const fault = keyFault(key, place) ?? faultIn(value, 'inside');
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** At the root Go asks for strings and gets them, but for null; below it a number or boolean stays what it is. */
function keyFault(key: Scalar, place: 'root' | 'inside'): Fault | undefined {
  if (key.tag === undefined && (key.style !== 'plain' || resolvePlain(key.text, 'kyaml') === key.text))
    return undefined;
  const fault = key.tag === undefined ? undefined : scalarFault(key);
  if (fault !== undefined) return fault;
  const value = resolve(key, 'kyaml');
  if (typeof value === 'string' && (key.tag !== undefined || key.style !== 'plain' || value === key.text))
    return undefined;
  if (place === 'root' && value !== null) return undefined;
  const message = `the key ${key.text === '' ? '(empty)' : key.text} is not a string: put it in quotes`;
  return { message, at: key.at };
}

function scalarFault(node: Scalar): Fault | undefined {
  // Nearly all scalars have no tag, and of those only what looks like an infinity can be at fault.
  if (node.tag === undefined && (node.style !== 'plain' || !'.+-'.includes(node.text.charAt(0)))) return undefined;
  const value = node.style === 'plain' || node.tag !== undefined ? resolve(node, 'kyaml') : node.text;
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { message: `${node.text} cannot be written as JSON`, at: node.at };
  }
  const expected = node.tag === undefined ? undefined : expectations[node.tag];
  if (expected === undefined || expected(node.text)) return undefined;
  return { message: `cannot decode \`${node.text}\` as a ${node.tag}`, at: node.at };
}

const expectations: { readonly [tag: string]: ((text: string) => boolean) | undefined } = {
  '!!binary': (text) => decodeBinary(text) !== undefined,
  '!!null': (text) => resolvePlain(text, 'kyaml') === null,
  '!!bool': (text) => typeof resolvePlain(text, 'kyaml') === 'boolean',
  '!!int': (text) => isNumber(text) && Number.isInteger(Number(resolvePlain(text, 'kyaml'))),
  '!!float': isNumber,
};

function isNumber(text: string): boolean {
  const value = resolvePlain(text, 'kyaml');
  return typeof value === 'number' || typeof value === 'bigint';
}
