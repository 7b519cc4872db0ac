/**
 * Patches: strategic merge patches written in place by the schema of their kind, and JSON patches, in place or in files
 * of their own, by RFC 6902.
 */
import { flux, get, isObject, type Node, type Origin, type Severity, text } from '../../engine/index.ts';
import type { Diagnostic } from '../answer.ts';
import { embedded } from '../embedded.ts';
import { itemsOf } from '../roles.ts';
import type { Subject } from '../subject.ts';
import type { Check } from './check.ts';

export const patch: Check = function* (subject) {
  for (const scalar of inlinePatches(subject)) yield* judgeInline(scalar, subject);
  if (!subject.isPatch) return;
  for (const { root } of subject.file.parsed.documents) {
    if (root?.kind === 'sequence') yield* judgeOperations(root, (at) => at);
  }
};

function inlinePatches({ kustomization, file }: Subject): readonly (Node & { kind: 'scalar' })[] {
  const lists = [
    ...['patches', 'patchesJson6902'].map((field) => get(kustomization?.root, field)),
    ...file.objects.map((object) =>
      object.flux === flux.kustomization ? get(get(object.node, 'spec'), 'patches') : undefined,
    ),
  ];
  return lists.flatMap(itemsOf).flatMap((item) => {
    const written = get(item, 'patch');
    return written?.kind === 'scalar' && written.at.file === file.source.name ? [written] : [];
  });
}

function* judgeInline(scalar: Node & { kind: 'scalar' }, { file, schemas }: Subject): Iterable<Diagnostic> {
  const { parsed, at } = embedded(scalar, file);
  const there = (problem: Diagnostic): Diagnostic => {
    const { related: _, fixes: __, ...rest } = problem;
    return { ...rest, at: problem.at === undefined ? scalar.at : at(problem.at) };
  };
  yield* parsed.problems.map(there);
  for (const { root } of parsed.documents) {
    if (root?.kind === 'sequence') yield* judgeOperations(root, at);
    else if (isObject(root)) yield* schemas.validate(root, { partial: true }).map(there);
  }
}

/** What each operation needs beside `op` and `path`. */
const operations: { readonly [op: string]: 'value' | 'from' | undefined } = {
  add: 'value',
  replace: 'value',
  test: 'value',
  remove: undefined,
  move: 'from',
  copy: 'from',
};

function* judgeOperations(list: Node & { kind: 'sequence' }, there: (at: Origin) => Origin): Iterable<Diagnostic> {
  for (const item of list.items) {
    const anchor = item.kind === 'mapping' ? (item.entries[0]?.key.at ?? item.at) : item.at;
    const say = (message: string, severity: Severity = 'error', at: Origin = anchor): Diagnostic => ({
      code: 'kustomize-file',
      severity,
      message,
      at: there(at),
    });
    const [op, path] = [get(item, 'op'), get(item, 'path')];
    const name = text(op);
    if (op === undefined || name === undefined) {
      yield say('A JSON patch operation needs "op".');
      continue;
    }
    if (!Object.hasOwn(operations, name)) {
      yield say(`"op" must be one of ${Object.keys(operations).join(', ')}; "${name}" is not.`, 'error', op.at);
      continue;
    }
    const pointer = text(path);
    if (pointer === undefined) yield say(`The operation "${name}" needs "path".`);
    // Kustomize takes the next two without a word, and does something else than was meant.
    else if (pointer !== '' && !pointer.startsWith('/')) yield say('"path" must begin with "/".', 'warning', path?.at);
    const needed = operations[name];
    if (needed === undefined || get(item, needed) !== undefined) continue;
    if (name === 'add' || name === 'replace')
      yield say(`The operation "${name}" has no "value": it sets null.`, 'warning');
    else yield say(`The operation "${name}" needs "${needed}".`);
  }
}
