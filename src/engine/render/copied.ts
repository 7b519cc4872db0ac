/**
 * What kustomize copied out of a Secret into other objects (`replacements`, `vars`): it is known by its origin, which is
 * a line of the Secret's data.
 */
import { idOf } from '../objects/object.ts';
import { get, type Mapping, type Node, type Scalar } from '../yaml/node.ts';
import { fromBase64 } from './variables.ts';

/** Answers the texts of Secrets among `objects` that another one of them holds; a part of such a text is told whole. */
export function secretsCopied(objects: readonly Mapping[]): (object: Mapping) => readonly string[] {
  const own = new Map<string, readonly string[]>();
  for (const object of objects) {
    if (!isSecret(object)) continue;
    for (const field of ['data', 'stringData']) {
      eachScalar(get(object, field), (at) => {
        // What was copied into the Secret is somebody else's.
        if (at.at.via !== undefined) return;
        own.set(placeOf(at), field === 'data' ? [at.text, fromBase64(at.text)] : [at.text]);
      });
    }
  }
  if (own.size === 0) return () => [];
  return (object) => {
    if (isSecret(object)) return [];
    const texts = new Set<string>();
    eachScalar(object, (at) => {
      const found = at.at.via === undefined ? undefined : own.get(placeOf(at));
      for (const text of found === undefined ? [] : [...found, at.text]) if (text !== '') texts.add(text);
    });
    return [...texts];
  };
}

function isSecret(object: Mapping): boolean {
  const { group, kind } = idOf(object);
  return group === '' && kind === 'Secret';
}

function placeOf({ at }: Scalar): string {
  return `${at.start} ${at.end} ${at.file}`;
}

function eachScalar(node: Node | undefined, visit: (scalar: Scalar) => void): void {
  if (node?.kind === 'scalar') visit(node);
  else if (node?.kind === 'sequence') for (const item of node.items) eachScalar(item, visit);
  else if (node?.kind === 'mapping') for (const { value } of node.entries) eachScalar(value, visit);
}
