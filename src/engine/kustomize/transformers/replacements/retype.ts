/**
 * Another text in a scalar that keeps its type, as kyaml keeps the tag when it changes a value: a number given a word
 * stays tagged as a number, which then cannot be read. A node that kustomize made has no type of its own.
 */
import type { Origin, Scalar } from '../../../yaml/node.ts';
import { resolve } from '../../../yaml/resolve.ts';
import { isUntyped, withoutType } from '../../tree.ts';

export function retyped(old: Scalar, text: string, at: Origin): Scalar {
  const { tag: _, ...rest } = old;
  if (isUntyped(old)) return withoutType({ ...rest, text, at });
  const type = tagOf(old);
  if (type === '!!str') return { ...rest, text, at, tag: '!!str' };
  const changed: Scalar = { ...rest, text, at };
  return tagOf(changed) === type ? changed : { ...changed, tag: type };
}

function tagOf(node: Scalar): string {
  if (node.tag !== undefined) return node.tag;
  if (node.style !== 'plain') return '!!str';
  const value = resolve(node, 'kyaml');
  if (value === null) return '!!null';
  if (typeof value === 'boolean') return '!!bool';
  if (typeof value === 'string') return value === node.text ? '!!str' : '!!timestamp';
  return typeof value === 'bigint' || /^[-+]?(0[xob])?[0-9a-f_]+$/i.test(node.text) ? '!!int' : '!!float';
}
