/** A patch before it is applied: read from a file or from where it is written in place. */

import type { Mapping, Node, Scalar } from '../../yaml/node.ts';
import { parse } from '../../yaml/parse.ts';
import { rebase } from '../inline.ts';
import { load } from '../loader.ts';
import { parseSource, readInline, readObjects } from '../read.ts';
import { Refusal } from '../refusal.ts';
import type { StepContext } from '../step.ts';
import { type Operation, readOperations } from './json6902.ts';

/** What a text is: objects for a strategic merge, operations of a JSON patch, or neither, with the reason. */
export interface PatchText {
  readonly objects: readonly Mapping[] | Refusal;
  readonly operations: readonly Operation[] | Refusal;
}

export function patchFromFile(path: Scalar, context: StepContext): PatchText {
  const file = load(context.loader, path.text, path.at);
  return {
    objects: attempt(() => readObjects(file)),
    operations: attempt(() =>
      operationsOf(parseSource(file).documents[0]?.root, parseSource(file).problems[0]?.message, file.text, path),
    ),
  };
}

export function patchFromText(text: Scalar, context: StepContext): PatchText {
  const source = context.sourceOf(text);
  return {
    objects: attempt(() => readInline(text, source)),
    operations: attempt(() => {
      const parsed = parse(text.text, text.at.file);
      const root = parsed.documents[0]?.root;
      return operationsOf(root && rebase(root, text, source), parsed.problems[0]?.message, text.text, text);
    }),
  };
}

function operationsOf(
  root: Node | undefined,
  problem: string | undefined,
  text: string,
  at: Scalar,
): readonly Operation[] {
  // A text that starts as a JSON list is read as JSON and nothing else.
  if (text.startsWith('[') && !isJson(text)) throw new Refusal('invalid character in a JSON patch', at.at);
  if (problem !== undefined) throw new Refusal(problem, at.at);
  if (root === undefined || (root.kind === 'scalar' && root.text === '')) return [];
  const operations = readOperations(root);
  if (operations === undefined) throw new Refusal('a JSON patch must be a list of operations', root.at);
  return operations;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function attempt<T>(body: () => T): T | Refusal {
  try {
    return body();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
}
