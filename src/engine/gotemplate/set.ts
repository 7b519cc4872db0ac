/** Templates by name: what one parse defines, and the set in which templates find each other. */
import type { SourceFile } from '../ports.ts';
import { error, type Result } from '../problem.ts';
import { isEmpty, type ListNode } from './node.ts';
import { ParseError, parseText } from './parse.ts';
import { originAt, type Source } from './source.ts';
import type { FunctionTable, StringValue } from './value.ts';

/** One named template. */
export interface Definition {
  readonly name: string;
  readonly tree: ListNode;
  readonly source: Source;
}

/** What the parse of one text defines: the text itself, first, and its `define`s and `block`s. */
export type Template = readonly Definition[];

/** Named templates that can call each other; `parent` answers for the names that are not here. */
export interface TemplateSet {
  readonly templates: Map<string, Definition>;
  readonly parent?: TemplateSet | undefined;
}

export function newSet(parent?: TemplateSet): TemplateSet {
  return { templates: new Map(), parent };
}

export function lookup(set: TemplateSet, name: string): Definition | undefined {
  for (let at: TemplateSet | undefined = set; at !== undefined; at = at.parent) {
    const found = at.templates.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Adds what a parse defined. A later definition replaces an earlier one, unless it is empty (Go's rule). */
export function addTemplate(set: TemplateSet, template: Template): void {
  for (const definition of template) {
    if (isEmpty(definition.tree) && lookup(set, definition.name) !== undefined) continue;
    set.templates.set(definition.name, definition);
  }
}

const byFile = new WeakMap<SourceFile, Map<string, { functions: FunctionTable; result: Result<Template> }>>();

/** Parses a file's template; `name` is what errors call it. The same file object is parsed once per name. */
export function parseTemplate(name: string, file: SourceFile, functions: FunctionTable): Result<Template> {
  let known = byFile.get(file);
  if (known === undefined) {
    known = new Map();
    byFile.set(file, known);
  }
  const cached = known.get(name);
  if (cached !== undefined && cached.functions === functions) return cached.result;
  const source: Source = { text: file.text, name, file: file.name };
  const result = parseSource(source, functions);
  known.set(name, { functions, result });
  return result;
}

/** Parses the text that a value holds, as `tpl` does; origins lead through the value's marks to where it was written. */
export function parseValue(name: string, value: StringValue, functions: FunctionTable): Result<Template> {
  const source: Source = { text: value.text, name, value };
  const cached = byText.get(value.text);
  if (cached !== undefined && cached.functions === functions && cached.name === name) {
    return { value: cached.template.map((definition) => ({ ...definition, source })), problems: [] };
  }
  const result = parseSource(source, functions);
  if (result.value !== undefined && value.text.length < 1 << 16) {
    if (byText.size > 2000) byText.clear();
    byText.set(value.text, {
      name,
      functions,
      template: result.value.map((d) => ({ ...d, source: { ...source, value: { kind: 'string', text: '' } } })),
    });
  }
  return result;
}

/** Small texts that `tpl` parsed before: values repeat between renders. */
const byText = new Map<string, { name: string; functions: FunctionTable; template: Template }>();

function parseSource(source: Source, functions: FunctionTable): Result<Template> {
  try {
    const trees = parseText(source.name, source.text, { hasFunction: (name) => functions.has(name) });
    const own = trees.get(source.name)!;
    const definitions = [{ name: source.name, tree: own, source }];
    for (const [name, tree] of trees) if (name !== source.name) definitions.push({ name, tree, source });
    return { value: definitions, problems: [] };
  } catch (e) {
    if (e instanceof ParseError)
      return { problems: [error('helm-template', e.message, originAt(source, e.pos, e.pos + 1))] };
    if (e instanceof RangeError) {
      return {
        problems: [error('helm-template', `template: ${source.name}:1: nested too deeply`, originAt(source, 0, 1))],
      };
    }
    throw e;
  }
}
