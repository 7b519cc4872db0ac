/**
 * Sets that are kept from one render to the next. While an owner is expanded, every question that it puts is written
 * down: to the trees of files, to the other objects, to the ports. The set is used again as long as all of them would be
 * answered the same, so that nobody has to say what a set depends on.
 */
import { keyOf } from '../objects/object.ts';
import type { SourceFile } from '../ports.ts';
import type { TreeRead } from '../sources/index.ts';
import type { LocalSources, SourceQuery, Workspace } from '../workspace/index.ts';
import type { Node, Origin } from '../yaml/node.ts';
import type { Expander, RenderContext } from './context.ts';
import type { DesiredObject, DesiredSet, Owner } from './desired.ts';

export interface Expansion {
  readonly object: DesiredObject;
  readonly owner: Owner;
  readonly turn: 'first' | 'last';
}

export interface Memo {
  /** The expander's answer, or the one that it gave before if everything it asked for is still the same. */
  expand(expander: Expander, expansion: Expansion, context: RenderContext): DesiredSet | undefined;
  /** Forgets what was ended by its limit: on a machine that was busy, the next try may come to its end. */
  retry(): void;
}

interface Entry {
  readonly node: Node;
  readonly at: Origin;
  readonly set: DesiredSet;
  readonly reads: readonly TreeRead[];
  readonly questions: readonly Question[];
  readonly ignoreFiles: readonly SourceFile[];
}

/** A question to the context and its answer, as a list of parts that are compared one by one. */
interface Question {
  ask(context: RenderContext): readonly unknown[];
  readonly answer: readonly unknown[];
}

export function createMemo(): Memo {
  const entries = new Map<string, Entry>();
  return {
    expand(expander, { object, owner, turn }, context) {
      const { watched, ignoreFiles } = context.workspace;
      const key = keyOf(object.id);
      const known = entries.get(key);
      if (known !== undefined && isValid(known, object, owner, context)) return known.set;
      const questions: Question[] = [];
      const asking = recording(context, questions);
      const { value: set, reads } = watched.watch(() => expander.expand(object, owner, asking, turn));
      if (set !== undefined) entries.set(key, { node: object.node, at: owner.at, set, reads, questions, ignoreFiles });
      return set;
    },
    retry() {
      for (const [key, { set }] of entries)
        if (set.problems.some(({ code }) => code === 'helm-limit')) entries.delete(key);
    },
  };
}

function isValid(known: Entry, object: DesiredObject, owner: Owner, context: RenderContext): boolean {
  return (
    sameNode(known.node, object.node) &&
    sameOrigin(known.at, owner.at) &&
    sameParts(known.ignoreFiles, context.workspace.ignoreFiles) &&
    known.questions.every(({ ask, answer }) => sameParts(ask(context), answer)) &&
    context.workspace.watched.stillTrue(known.reads)
  );
}

/** The context, writing down what it is asked. */
function recording(context: RenderContext, questions: Question[]): RenderContext {
  const seen = new Set<string>();
  const note = (label: string, ask: Question['ask']) => {
    if (seen.has(label)) return;
    seen.add(label);
    questions.push({ ask, answer: ask(context) });
  };
  const { options, workspace } = context;
  const { artifact, chart, key, lookup, provider } = options;
  const sources: LocalSources = {
    folderOf(query) {
      note(`folder ${query.kind}/${query.namespace}/${query.name}`, (now) => folderParts(now, query));
      return workspace.sources.folderOf(query);
    },
  };
  return {
    workspace: Object.create(workspace, { sources: { value: sources } }) as Workspace,
    options: {
      ...options,
      ...(chart && {
        chart: (query) => {
          note(`chart ${JSON.stringify({ ...query, source: undefined, at: undefined })}`, (now) => [
            now.options.chart?.(query),
          ]);
          return chart(query);
        },
      }),
      ...(artifact && {
        artifact: (query) => {
          note(`artifact ${query.kind}/${query.namespace}/${query.name}`, (now) => [
            now.options.artifact?.(fresh(query, now)),
          ]);
          return artifact(query);
        },
      }),
      ...(provider && {
        provider: (query) => {
          note(`provider ${query.namespace}/${query.name}`, (now) => [now.options.provider?.(query)]);
          return provider(query);
        },
      }),
      ...(lookup && {
        lookup: (query) => {
          note(`lookup ${JSON.stringify(query)}`, (now) => [now.options.lookup?.(query)]);
          return lookup(query);
        },
      }),
      ...(key && {
        key: (query) => {
          note(`key ${JSON.stringify(query)}`, (now) => [now.options.key?.(query)]);
          return key(query);
        },
      }),
    },
    source(query) {
      note(`source ${query.kind}/${query.namespace}/${query.name}`, (now) => [now.source(query)]);
      return context.source(query);
    },
    input(query) {
      note(`input ${query.kind}/${query.namespace}/${query.name}`, (now) => {
        const answer = now.input(query);
        return answer.found === undefined ? [undefined, answer.producer] : [answer.found, answer.from];
      });
      return context.input(query);
    },
    rendered(kind) {
      note(`rendered ${kind}`, (now) => now.rendered(kind).map((object) => object.node));
      return context.rendered(kind);
    },
  };
}

/** The question as it would be put now: the source object may have changed since. */
function fresh({ kind, namespace, name }: SourceQuery, now: RenderContext): SourceQuery {
  const object = now.source({ kind, namespace, name });
  return { kind, namespace, name, ...(object && { object }) };
}

function folderParts({ workspace }: RenderContext, query: SourceQuery): readonly unknown[] {
  const folder = workspace.sources.folderOf(query);
  return typeof folder === 'string' ? [folder] : [folder.root, folder.mount, folder.reason];
}

function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return (
    a.length === b.length &&
    a.every((part, i) => part === b[i] || (isNode(part) && isNode(b[i]) && sameNode(part, b[i])))
  );
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value && 'at' in value;
}

/** Whether two trees are the same in every respect, places included. */
function sameNode(a: Node, b: Node): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || !sameOrigin(a.at, b.at)) return false;
  if (a.kind === 'scalar') return b.kind === 'scalar' && a.text === b.text && a.style === b.style && a.tag === b.tag;
  if (a.kind === 'sequence')
    return (
      b.kind === 'sequence' && a.items.length === b.items.length && a.items.every((x, i) => sameNode(x, b.items[i]!))
    );
  if (b.kind !== 'mapping' || a.entries.length !== b.entries.length) return false;
  return a.entries.every(({ key, value }, i) => {
    const other = b.entries[i]!;
    return sameNode(key, other.key) && sameNode(value, other.value);
  });
}

function sameOrigin(a: Origin | undefined, b: Origin | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return a.file === b.file && a.start === b.start && a.end === b.end && sameOrigin(a.via, b.via);
}
