/** Code being written: operations in order, jumps whose targets come later, and the slots of variables by scope. */
import type { Frame, Op } from './machine.ts';

export interface Variable {
  readonly name: string;
  readonly slot: number;
  /** The loop that sets it, `notRanged` for others: an element is known by its container's element type. */
  readonly ranged: number;
}

/** A jump whose target is filled in when it is known. */
export interface Jump {
  target: number;
}

export interface Assembler {
  readonly ops: Op[];
  /** The number of slots that a frame needs. */
  slots: number;
  loops: number;
  variables: readonly Variable[];
  /** The loop whose element dot is, or `notRanged`. */
  dotRanged: number;
}

export const notRanged = -1;

export function newAssembler(): Assembler {
  return { ops: [], slots: 1, loops: 0, variables: [{ name: '$', slot: 0, ranged: notRanged }], dotRanged: notRanged };
}

/** Adds an operation that goes on with the next one. */
export function emit(code: Assembler, op: (frame: Frame) => void): void {
  const next = code.ops.length + 1;
  code.ops.push((frame) => {
    op(frame);
    return next;
  });
}

export function jump(code: Assembler): Jump {
  const to = { target: -1 };
  code.ops.push(() => to.target);
  return to;
}

export function jumpIf(code: Assembler, test: (frame: Frame) => boolean): Jump {
  const next = code.ops.length + 1;
  const to = { target: -1 };
  code.ops.push((frame) => (test(frame) ? to.target : next));
  return to;
}

/** Lets a jump end at the next operation. */
export function land(code: Assembler, to: Jump): void {
  to.target = code.ops.length;
}

export function newSlot(code: Assembler): number {
  return code.slots++;
}

/** Gives a new variable its slot; it hides older ones of its name. */
export function declare(code: Assembler, name: string, ranged: number): number {
  const slot = newSlot(code);
  code.variables = [...code.variables, { name, slot, ranged }];
  return slot;
}

export function findVariable(code: Assembler, name: string): Variable | undefined {
  return code.variables.findLast((variable) => variable.name === name);
}
