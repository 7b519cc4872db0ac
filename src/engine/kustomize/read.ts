/**
 * Bytes to objects, as kustomize reads a resource or patch file: documents split, lists taken apart, every object with a
 * kind and a name. Files are read once: what was read is kept for as long as the file itself.
 */
import type { SourceFile } from '../ports.ts';
import { get, type Mapping, type Node, type Origin, type Scalar } from '../yaml/node.ts';
import { type ParsedFile, parse, parseFile } from '../yaml/parse.ts';
import { rebase } from './inline.ts';
import { Refusal } from './refusal.ts';
import { apiVersionOf, kindOf, nameOf, namespaceOf } from './resource.ts';
import { isEmpty, isMissing } from './tree.ts';

/** The documents of a file, read once for every room. */
export const parseSource: (file: SourceFile) => ParsedFile = parseFile;

const objectsOfFiles = new WeakMap<SourceFile, readonly Mapping[] | Refusal>();

/** The objects of a file. */
export function readObjects(file: SourceFile): readonly Mapping[] {
  let objects = objectsOfFiles.get(file);
  if (objects === undefined) {
    objects = attempt(() => objectsOf(file.text, parseSource(file), { file: file.name, start: 0, end: 0 }));
    objectsOfFiles.set(file, objects);
  }
  if (objects instanceof Refusal)
    throw new Refusal(`${objects.message} in File: ${file.name}`, objects.at, objects.code);
  return objects;
}

const objectsOfTexts = new WeakMap<Scalar, readonly Mapping[] | Refusal>();

/** The objects written in a scalar; their origins lie inside it. `source` is the text of the scalar's file. */
export function readInline(scalar: Scalar, source: string | undefined): readonly Mapping[] {
  let objects = objectsOfTexts.get(scalar);
  if (objects === undefined) {
    objects = attempt(() => {
      const parsed = parse(scalar.text, scalar.at.file);
      const documents = parsed.documents.map((each) =>
        each.root === undefined ? each : { ...each, root: rebase(each.root, scalar, source) },
      );
      const problems = parsed.problems.map((each) => ({ ...each, at: scalar.at }));
      return objectsOf(scalar.text, { ...parsed, documents, problems }, scalar.at);
    });
    objectsOfTexts.set(scalar, objects);
  }
  if (objects instanceof Refusal) throw objects;
  return objects;
}

function attempt<T>(body: () => T): T | Refusal {
  try {
    return body();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
}

/** The first document of a file of configuration; undefined when it is empty. */
export function readDocument(file: SourceFile): Node | undefined {
  const parsed = parseSource(file);
  refuseErrors(parsed, '');
  return parsed.documents[0]?.root;
}

/** Refuses what is no YAML. A key that comes twice is another matter: most readers of Go take one of them. */
export function refuseErrors(parsed: ParsedFile, prefix: string): void {
  const wrong = parsed.problems.find(({ severity, code }) => severity === 'error' && code !== 'yaml-duplicate-key');
  if (wrong !== undefined) throw new Refusal(`${prefix}${wrong.message}`, wrong.at, wrong.code);
}

/** A `%YAML` or `%TAG` before anything else but comments. */
const directive = /^\ufeff?(?:[ \t]*(?:#[^\n]*)?\r?\n)*%/;
const separator = /\n---([^\n]*)\n/g;

function objectsOf(text: string, parsed: ParsedFile, at: Origin): readonly Mapping[] {
  for (const match of text.matchAll(separator)) {
    const rest = match[1]!.trim();
    if (rest !== '' && !rest.startsWith('#')) throw new Refusal(`invalid document separator: ---${match[1]}`, at);
  }
  refuseErrors(parsed, 'MalformedYAMLError: ');
  // A text is cut at its separators before it is read, so that a directive stands alone, without its document.
  const lone = directive.exec(text);
  if (lone !== null) {
    const [start, end] = [lone[0].length - 1, lone[0].length];
    const message = 'MalformedYAMLError: did not find expected <document start>';
    throw new Refusal(message, at.end === 0 ? { ...at, start, end } : at);
  }
  const roots = parsed.documents.map((document) => document.root).filter((root) => !isMissing(root)) as Node[];
  const unwrapped = parsed.documents.length === 1 && roots[0] !== undefined ? unwrap(roots[0]) : roots;
  const good = unwrapped.filter((node) => !isEmpty(node)).map(checkObject);
  return inlineLists(good);
}

/** A document alone in its file that is a `List` stands for its items. */
function unwrap(root: Node): readonly Node[] {
  if (root.kind !== 'mapping') return [root];
  const kind = kindOf(root);
  const items = get(root, 'items');
  if (
    (kind !== 'List' && kind !== 'ResourceList') ||
    (items === undefined && get(root, 'functionConfig') === undefined)
  ) {
    return [root];
  }
  return items?.kind === 'sequence' ? items.items : [];
}

/** Refuses what has no kind or no name; a list needs no name. */
function checkObject(node: Node): Mapping {
  if (node.kind !== 'mapping') throw new Refusal('missing Resource metadata', node.at);
  const kind = kindOf(node);
  if (kind === '' && apiVersionOf(node) === '' && isEmpty(get(node, 'metadata'))) {
    throw new Refusal('missing Resource metadata', node.at);
  }
  checkIdentity(node);
  return node;
}

/** Refuses an object without a kind, or without a name unless it is a list. */
export function checkIdentity(node: Mapping): void {
  const kind = kindOf(node);
  if (kind === '') throw new Refusal(`missing kind in object ${describe(node)}`, node.at);
  if (!kind.endsWith('List') && nameOf(node) === '') {
    throw new Refusal(`missing metadata.name in object ${describe(node)}`, get(node, 'metadata')?.at ?? node.at);
  }
}

/** Refuses a file in which a mapping has a key twice, as everything must that is printed in the end. */
export function refuseDuplicates(file: SourceFile): void {
  const wrong = parseSource(file).problems.find(({ code }) => code === 'yaml-duplicate-key');
  if (wrong !== undefined) throw new Refusal(wrong.message, wrong.at, wrong.code);
}

function describe(node: Mapping): string {
  const maps = ['labels', 'annotations'].map((field) => {
    const map = get(get(node, 'metadata'), field);
    const entries = map?.kind === 'mapping' ? map.entries : [];
    const texts = entries.map(({ key, value }) => `${key.text}:${value.kind === 'scalar' ? value.text : ''}`);
    return `map[${texts.sort().join(' ')}]`;
  });
  return `{{${apiVersionOf(node)} ${kindOf(node)}} {{${nameOf(node)} ${namespaceOf(node)}} ${maps.join(' ')}}}`;
}

/** Kinds that end in `List` and have items are replaced by them; those come behind everything else. */
function inlineLists(nodes: readonly Mapping[]): readonly Mapping[] {
  if (!nodes.some((node) => kindOf(node).endsWith('List'))) return nodes;
  const queue = [...nodes];
  const out: Mapping[] = [];
  for (let i = 0; i < queue.length; i++) {
    const node = queue[i]!;
    const items = kindOf(node).endsWith('List') ? get(node, 'items') : undefined;
    if (items === undefined) out.push(node);
    else if (items.kind === 'sequence') queue.push(...items.items.filter((item) => !isEmpty(item)).map(checkObject));
    else if (!isMissing(items)) throw new Refusal(`expected array in ${kindOf(node)}/items`, items.at);
  }
  return out;
}

/** A text read as one YAML document, every node at the scalar it came from; undefined when it is none. */
export function parseText(text: string, at: Origin): Node | undefined {
  const parsed = parse(text, at.file);
  if (parsed.problems.some((problem) => problem.severity === 'error')) return undefined;
  const root = parsed.documents[0]?.root;
  return root && atOrigin(root, at);
}

function atOrigin(node: Node, at: Origin): Node {
  if (node.kind === 'scalar') return { ...node, at };
  if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => atOrigin(item, at)), at };
  const entries = node.entries.map(({ key, value }) => ({ key: { ...key, at }, value: atOrigin(value, at) }));
  return { ...node, entries, at };
}
