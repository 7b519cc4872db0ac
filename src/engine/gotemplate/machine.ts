/**
 * Runs compiled templates: a loop over flat lists of operations with its frames on the heap.
 *
 * Helm allows an `include` to nest a thousand deep and Go a `template` a hundred thousand; the JavaScript stack does
 * not. So a call of a template is a new frame of this loop, and only expressions without such calls recurse natively.
 */

import { quote } from '../go/strconv.ts';
import type { Origin } from '../yaml/node.ts';
import { type AnyNode, print } from './node.ts';
import { type Definition, lookup, type TemplateSet } from './set.ts';
import { locationOf, originAt, type Source, valuesAt } from './source.ts';
import { type Mark, marked, marksOf, noOrigins, substring } from './text.ts';
import {
  type CallContext,
  type Enter,
  type FunctionTable,
  GoError,
  missing,
  type StringValue,
  type Value,
} from './value.ts';

export type Op = (frame: Frame) => number;
export type Expr = (frame: Frame) => Value;

export interface Code {
  readonly ops: readonly Op[];
  readonly slots: number;
  readonly loops: number;
}

export interface Loop {
  /** Puts the next element into the frame; false: no more. */
  readonly next: (frame: Frame) => boolean;
  /** The dot outside. */
  readonly dot: Value;
  /** Whether the elements stand in `interface {}` slots, as those of `[]interface {}` do. */
  readonly slot: boolean;
}

/** One template being run. */
export interface Frame {
  readonly machine: Machine;
  readonly definition: Definition;
  readonly source: Source;
  readonly set: TemplateSet;
  readonly code: Code;
  readonly vars: Value[];
  readonly loops: Loop[];
  readonly out: Output;
  readonly parent: Frame | undefined;
  /** How deep `template` actions are nested. */
  readonly depth: number;
  /** What to do with the output when an `Enter` made this frame. */
  readonly enter: Enter | undefined;
  /** Where the caller wants the value of an `Enter`. */
  readonly result: number;
  dot: Value;
  pc: number;
  /** The node that errors are told at: the one visited last. */
  node: AnyNode;
}

/** What was printed, chunk by chunk, with who printed it. */
export interface Output {
  text: string;
  readonly chunks: (string | StringValue)[];
  readonly nodes: AnyNode[];
  readonly sources: Source[];
}

export interface Machine {
  readonly context: CallContext;
  readonly functions: FunctionTable;
  readonly missingKey: 'default' | 'zero' | 'error';
  readonly codeOf: (definition: Definition) => Code;
  frame: Frame;
  steps: number;
  /** How many steps may be left before something is looked at: whether none are, and whether the time is over. */
  check: number;
  size: number;
  readonly limits: Budget;
}

/** How much one execution may cost. What exceeds it is an error at the template line that did. */
export interface Budget {
  /** Operations, loop rounds and calls. */
  readonly steps: number;
  /** Characters printed and items made. */
  readonly size: number;
  /** Asked every few thousand steps; absent: as long as the steps last. */
  readonly time?: TimeLimit;
}

/** How long work may take, by the caller's clock. */
export interface TimeLimit {
  readonly seconds: number;
  readonly isOver: () => boolean;
}

/** Steps between two looks at the clock: well under a millisecond of plain ones. */
const stepsPerLook = 2048;

/** An execution that failed, told as Go tells it. */
export class Fault extends Error {
  readonly at: Origin;
  /** The calls that led there, innermost first. */
  readonly through: Origin[];
  constructor(message: string, at: Origin, through: Origin[] = []) {
    super(message);
    this.at = at;
    this.through = through;
  }
}

const maxTemplateDepth = 100_000;
/** Frames on the heap, whatever made them: a `tpl` of itself has no limit of its own in Helm. */
const maxFrames = 120_000;

/** What a template called by a function costs beyond its operations: a frame, its output and the marks of that. */
const enterSteps = 40;

export function newOutput(): Output {
  return { text: '', chunks: [], nodes: [], sources: [] };
}

/** Runs a template to its end and gives what it printed. Throws `Fault`. */
export function run(machine: Machine, definition: Definition, set: TemplateSet, data: Value): Output {
  const out = newOutput();
  const bottom = makeFrame(machine, {
    definition,
    set,
    data,
    out,
    parent: undefined,
    depth: 0,
    enter: undefined,
    result: -1,
  });
  machine.frame = bottom;
  try {
    loop(machine, bottom);
  } catch (e) {
    throw unwind(machine, e, bottom);
  }
  return out;
}

interface FrameInit {
  readonly definition: Definition;
  readonly set: TemplateSet;
  readonly data: Value;
  readonly out: Output;
  readonly parent: Frame | undefined;
  readonly depth: number;
  readonly enter: Enter | undefined;
  readonly result: number;
}

function makeFrame(machine: Machine, init: FrameInit): Frame {
  const { definition, set, data, out, parent, depth, enter, result } = init;
  const code = machine.codeOf(definition);
  const vars: Value[] = new Array(code.slots);
  vars[0] = data;
  const loops: Loop[] = new Array(code.loops);
  const node = definition.tree;
  const { source } = definition;
  return {
    machine,
    definition,
    source,
    set,
    code,
    vars,
    loops,
    out,
    parent,
    depth,
    enter,
    result,
    dot: data,
    pc: 0,
    node,
  };
}

function loop(machine: Machine, bottom: Frame): void {
  for (;;) {
    const { frame } = machine;
    const { ops } = frame.code;
    let { pc } = frame;
    while (pc < ops.length) {
      if (--machine.steps < machine.check) look(machine);
      pc = ops[pc]!(frame);
      if (machine.frame !== frame) break;
    }
    frame.pc = pc;
    if (machine.frame !== frame) continue;
    if (frame === bottom) return;
    leave(machine, frame);
  }
}

/** Ends a frame: its output becomes the value that its caller asked for. */
function leave(machine: Machine, frame: Frame): void {
  const caller = frame.parent!;
  machine.frame = caller;
  const { enter } = frame;
  if (enter === undefined) return;
  enter.leave?.();
  caller.vars[frame.result] = enter.done(outputString(frame.out));
}

/** The template of that name; fails at the current node when there is none. */
export function findTemplate(frame: Frame, name: string): Definition {
  return lookup(frame.set, name) ?? fail(frame, `template ${quote(name)} not defined`);
}

/** Starts a `template` action: same output, variables of its own. */
export function callTemplate(frame: Frame, name: string, data: Value): void {
  const { machine } = frame;
  const definition = findTemplate(frame, name);
  if (frame.depth === maxTemplateDepth) fail(frame, `exceeded maximum template depth (${maxTemplateDepth})`);
  const init = { definition, set: frame.set, data, out: frame.out, parent: frame, depth: frame.depth + 1 };
  machine.frame = makeFrame(machine, { ...init, enter: undefined, result: -1 });
}

/** Starts the template that a function asked for; its value comes to `result` when it is done. */
export function enterTemplate(frame: Frame, enter: Enter, result: number): void {
  const { machine } = frame;
  spendSteps(machine, enterSteps);
  // Passed through an `interface {}` parameter, nothing is no value at all.
  const data = enter.data.kind === 'nil' ? missing : enter.data;
  const init = { definition: enter.template, set: enter.set ?? frame.set, data, out: newOutput() };
  const depth = frame.depth + 1;
  if (depth > maxFrames) fail(frame, `templates call each other more than ${maxFrames} deep`);
  machine.frame = makeFrame(machine, { ...init, parent: frame, depth, enter, result });
}

/** Prints a chunk. */
export function write(frame: Frame, chunk: string | StringValue): void {
  const text = typeof chunk === 'string' ? chunk : chunk.text;
  if (text === '') return;
  const { out, machine } = frame;
  machine.size -= text.length;
  if (machine.size < 0) overBudget(machine);
  out.text += text;
  out.chunks.push(chunk);
  out.nodes.push(frame.node);
  out.sources.push(frame.source);
}

/** What a template printed, as a string that knows its sources. */
export function outputString(out: Output): StringValue {
  return marked(out.text, () => outputMarks(out));
}

/** Marks for every character printed: the value it came from, if any, and the template position that printed it. */
export function outputMarks(out: Output): readonly Mark[] {
  const marks: Mark[] = [];
  let offset = 0;
  out.chunks.forEach((chunk, i) => {
    const source = out.sources[i]!;
    const node = out.nodes[i]!;
    const [start, end] = rangeOf(node);
    const template = originAt(source, start, end);
    const length = typeof chunk === 'string' ? chunk.length : chunk.text.length;
    const values = source.value === undefined || node.type === 'text' ? noOrigins : valuesAt(source, start, end);
    let at = 0;
    for (const mark of chunkMarks(chunk, source, start)) {
      if (mark.start > at) marks.push({ start: offset + at, end: offset + mark.start, values, template });
      marks.push({
        start: offset + mark.start,
        end: offset + mark.end,
        values: mark.values,
        template: mark.template ?? template,
      });
      at = mark.end;
    }
    if (at < length) marks.push({ start: offset + at, end: offset + length, values, template });
    offset += length;
  });
  return marks;
}

/** The marks of what was printed; plain text of a template made from a value has those of the value's text. */
function chunkMarks(chunk: string | StringValue, source: Source, start: number): readonly Mark[] {
  if (typeof chunk !== 'string') return marksOf(chunk);
  if (source.value === undefined) return [];
  return marksOf(substring(source.value, start, start + chunk.length));
}

function rangeOf(node: AnyNode): [number, number] {
  if (node.type === 'action') return [node.start, node.end];
  if (node.type === 'text') return [node.pos, node.pos + node.text.length];
  return [node.pos, node.pos + print(node).length];
}

/** Fails at the node visited last, in Go's words. */
export function fail(frame: Frame, message: string): never {
  throw faultAt(frame, message);
}

/** A fault of a run that was ended from outside: at the node that was at work, or the template that had not begun. */
export function faultNow({ frame }: Partial<Machine>, { tree, source, name }: Definition, message: string): Fault {
  if (frame !== undefined) return faultAt(frame, message);
  return new Fault(
    `template: ${locationOf(source, tree.pos)}: executing ${quote(name)}: ${message}`,
    originAt(source, 0, 0),
  );
}

function faultAt(frame: Frame, message: string): Fault {
  const { node, source, definition } = frame;
  const where = `${locationOf(source, node.pos)}: executing ${quote(definition.name)} at <${print(node)}>`;
  const [start, end] = rangeOf(node);
  return new Fault(`template: ${where}: ${message}`, originAt(source, start, end));
}

function overBudget(machine: Machine): never {
  const what = machine.steps < 0 ? `${machine.limits.steps} steps` : `${machine.limits.size} characters`;
  throw faultAt(machine.frame, `stopped: the rendering needs more than its budget of ${what}`);
}

/** Stops what has no steps or no time left, and says when to look again. */
function look(machine: Machine): void {
  if (machine.steps < 0) overBudget(machine);
  const { time } = machine.limits;
  if (time?.isOver()) {
    throw faultAt(machine.frame, `stopped: the rendering takes longer than its limit of ${time.seconds} s`);
  }
  machine.check = Math.max(0, machine.steps - stepsPerLook);
}

/** Spends steps on behalf of a function. */
export function spendSteps(machine: Machine, count: number): void {
  machine.steps -= count;
  if (machine.steps < machine.check) look(machine);
}

export function spendSize(machine: Machine, count: number): void {
  if (!(count >= 0)) return;
  machine.size -= count;
  if (machine.size < 0) overBudget(machine);
}

/** What was thrown inside a template, told from the outside: each `include` on the way wraps it, as in Go. */
function unwind(machine: Machine, thrown: unknown, bottom: Frame): Fault {
  let fault = asFault(machine, thrown);
  for (let { frame } = machine; frame !== bottom; frame = frame.parent!) {
    const { enter } = frame;
    if (enter === undefined) continue;
    enter.leave?.();
    // Beyond a hundred calls the message says nothing more, and telling it would take longer than the rendering.
    if (fault.through.length >= 100) continue;
    const caller = frame.parent!;
    const message = enter.wrapError === undefined ? fault.message : enter.wrapError(fault.message);
    const outer = faultAt(caller, `error calling ${callName(caller.node)}: ${message}`);
    fault = new Fault(outer.message, fault.at, [...fault.through, outer.at]);
  }
  return fault;
}

function callName(node: AnyNode): string {
  const first = node.type === 'command' ? node.args[0]! : node;
  return first.type === 'identifier' ? first.ident : print(first);
}

function asFault(machine: Machine, thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  if (thrown instanceof RangeError) return faultAt(machine.frame, `stopped: too deep or too large (${thrown.message})`);
  if (thrown instanceof GoError) return faultAt(machine.frame, thrown.message);
  throw thrown;
}
