/** Runs a template of a set on data, inside a budget, and tells where each character came from. */
import { quote } from '../go/strconv.ts';
import type { Clock, Random } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import type { Origin } from '../yaml/node.ts';
import { compile } from './compile.ts';
import {
  type Budget,
  type Code,
  Fault,
  faultNow,
  type Machine,
  type Output,
  outputString,
  run,
  spendSize,
  spendSteps,
} from './machine.ts';
import type { ListNode } from './node.ts';
import { lookup, type TemplateSet } from './set.ts';
import { marksOf } from './text.ts';
import { close, type Journal, keep, known, neverKeep, open } from './tracked.ts';
import type { CallContext, FunctionTable, Origins, StringValue, Value } from './value.ts';

export interface ExecuteOptions {
  readonly functions: FunctionTable;
  /** What a missing map key gives; Helm uses `zero`. */
  readonly missingKey?: 'default' | 'zero' | 'error';
  readonly budget?: Partial<Budget>;
  /** Both pinned by the caller, so that one plan renders the same bytes; absent: the epoch, and zero bytes. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** Where texts that were drawn are said to come from; absent: where the template drew them. */
  readonly drawn?: Origin;
  /** Called before the first step with what tells a problem at the node that is at work, also after the run was ended. */
  readonly started?: (tell: (message: string) => Problem) => void;
  /** Handed to functions as `context.host`. */
  readonly host?: unknown;
  /** Of the tracked maps that the data is made of: what was rendered from the same ones is not rendered again. */
  readonly journal?: Journal;
}

/** A run of output characters. */
export interface Segment {
  /** UTF-16 offsets into the text, `end` exclusive. Segments are in order, without gaps or overlaps. */
  readonly start: number;
  readonly end: number;
  /** The lines of the values that the characters came from; empty when the template itself wrote them. */
  readonly values: Origins;
  /** The template position that printed them, the innermost one. */
  readonly template: Origin;
}

export interface Rendered {
  /** What was printed; empty after an error. */
  readonly text: string;
  /** The same as a value, for further operations that keep origins (text.ts). */
  readonly value: StringValue;
  /** Where the text came from; worked out on the first call. */
  readonly segments: () => readonly Segment[];
  readonly problems: readonly Problem[];
}

export const defaultBudget: Budget = { steps: 20_000_000, size: 256 * 1024 * 1024 };

/** Executes the template of that name. Whatever goes wrong is a problem that carries Go's own message. */
export function execute(set: TemplateSet, name: string, data: Value, options: ExecuteOptions): Rendered {
  const definition = lookup(set, name);
  if (definition === undefined)
    return failed(error('helm-template', `template: no template ${quote(name)} in this set`));
  const { journal } = options;
  const before = journal && known(journal, definition, data);
  if (before !== undefined) return rendered(before.output);
  const call = journal && open(journal, data);
  const machine = newMachine(set, options);
  options.started?.((message) => problemOf(faultNow(machine, definition, message)));
  let out: Output;
  try {
    out = run(machine, definition, set, data);
  } catch (e) {
    if (!(e instanceof Fault)) throw e;
    return failed(problemOf(e));
  } finally {
    if (journal !== undefined) close(journal, call);
  }
  const value = outputString(out);
  if (call !== undefined) keep(journal!, call, definition, data, value);
  return rendered(value);
}

function rendered(value: StringValue): Rendered {
  return { text: value.text, value, segments: () => segmentsOf(value), problems: [] };
}

/** The segments of a rendered string; of one that was changed after rendering, those that are known. */
export function segmentsOf(value: StringValue): readonly Segment[] {
  return marksOf(value)
    .filter((mark) => mark.template !== undefined)
    .map(({ start, end, values, template }) => ({ start, end, values, template: template! }));
}

function problemOf({ message, at, through }: Fault): Problem {
  const related = through.map((at) => ({ message: 'called from here', at }));
  return { ...error('helm-template', message, at), ...(related.length > 0 ? { related } : {}) };
}

function failed(problem: Problem): Rendered {
  return { text: '', value: { kind: 'string', text: '' }, segments: () => [], problems: [problem] };
}

function newMachine(set: TemplateSet, options: ExecuteOptions): Machine {
  const { functions, journal } = options;
  const limits = { ...defaultBudget, ...options.budget };
  const machine: Machine = {
    functions,
    missingKey: options.missingKey ?? 'default',
    limits,
    steps: limits.steps,
    check: limits.steps,
    size: limits.size,
    codeOf: (definition) => codeOf(definition.tree, functions),
    context: undefined as unknown as CallContext,
    frame: undefined as never,
  };
  const context: CallContext = {
    step: (count) => spendSteps(machine, count),
    make: (size) => spendSize(machine, size),
    now() {
      if (options.clock === undefined) return 0;
      neverKeep(journal);
      return options.clock.now();
    },
    random(count) {
      spendSize(machine, count);
      if (options.random === undefined) return new Uint8Array(count);
      neverKeep(journal);
      return options.random.bytes(count);
    },
    drawn: options.drawn && [options.drawn],
    get set() {
      return machine.frame?.set ?? set;
    },
    functions,
    depths: new Map(),
    get host() {
      neverKeep(journal);
      return options.host;
    },
    journal,
  };
  return Object.assign(machine, { context });
}

/** Code by table and tree, shared by every execution. */
const compiled = new WeakMap<FunctionTable, WeakMap<ListNode, Code>>();

function codeOf(tree: ListNode, functions: FunctionTable): Code {
  let byTree = compiled.get(functions);
  if (byTree === undefined) {
    byTree = new WeakMap();
    compiled.set(functions, byTree);
  }
  let code = byTree.get(tree);
  if (code === undefined) {
    code = compile(tree, functions);
    byTree.set(tree, code);
  }
  return code;
}
