/**
 * Trees to code: control flow becomes a flat list of operations, expressions become closures.
 *
 * An expression that runs a template (`include`, `tpl`) cannot be a closure, because the machine runs templates in its
 * own loop. Such calls are operations that leave their value in a temporary slot; everything that is evaluated before
 * them in the same expression is put into slots as well, so that the order of evaluation stays Go's.
 */

import { quote } from '../go/strconv.ts';
import { arityError, checked, constant, invoke, literalAs, nilAs, paramAt } from './call.ts';
import { fieldOf, holdsAny } from './field.ts';
import { toText } from './format.ts';
import {
  type Code,
  callTemplate,
  type Expr,
  enterTemplate,
  type Frame,
  fail,
  findTemplate,
  type Op,
  write,
} from './machine.ts';
import {
  type ArgNode,
  type BranchNode,
  type CommandNode,
  type ListNode,
  type PipeNode,
  print,
  type TemplateNode,
} from './node.ts';
import { loopOver } from './range.ts';
import {
  type FunctionTable,
  type GoFunction,
  isTrue,
  missing,
  nil,
  type ParamType,
  string,
  type Value,
} from './value.ts';

interface Variable {
  readonly name: string;
  readonly slot: number;
  /** Set by `range`: its value stands in an `interface {}` slot. */
  readonly ranged: boolean;
}

interface Loop {
  readonly again: number;
  /** Operations that wait to learn where the loop ends. */
  readonly breaks: { target: number }[];
}

/** Compiles one template's tree against a table of functions. */
export function compile(root: ListNode, functions: FunctionTable): Code {
  const ops: Op[] = [];
  let variables: Variable[] = [{ name: '$', slot: 0, ranged: false }];
  let slots = 1;
  let loops = 0;
  /** Whether dot is an element of a ranged container: Go then knows it as an `interface {}`. */
  let dotRanged = false;
  let loop: Loop | undefined;
  const calls = new Map<ArgNode | CommandNode, boolean>();

  list(root);
  return { ops, slots, loops };

  function emit(op: (frame: Frame) => void): void {
    const next = ops.length + 1;
    ops.push((frame) => {
      op(frame);
      return next;
    });
  }

  /** A jump whose target is filled in later. */
  function jump(): { target: number } {
    const to = { target: -1 };
    ops.push(() => to.target);
    return to;
  }

  function jumpIf(test: (frame: Frame) => boolean): { target: number } {
    const next = ops.length + 1;
    const to = { target: -1 };
    ops.push((frame) => (test(frame) ? to.target : next));
    return to;
  }

  function land(to: { target: number }): void {
    to.target = ops.length;
  }

  function list(node: ListNode): void {
    for (const child of node.nodes) statement(child);
  }

  function statement(node: TemplateNode): void {
    switch (node.type) {
      case 'text': {
        const { text } = node;
        emit((frame) => {
          frame.node = node;
          write(frame, text);
        });
        return;
      }
      case 'action': {
        const value = pipeline(node.pipe);
        if (node.pipe.decl.length > 0) emit(value);
        else
          emit((frame) => {
            const found = value(frame);
            frame.node = node;
            write(frame, printed(frame, found, node));
          });
        return;
      }
      case 'if':
      case 'with':
        branch(node);
        return;
      case 'range':
        range(node);
        return;
      case 'template': {
        const { name } = node;
        if (node.pipe === undefined) {
          emit((frame) => {
            frame.node = node;
            callTemplate(frame, name, missing);
          });
          return;
        }
        // Whether the template exists is asked before its argument is looked at.
        emit((frame) => {
          frame.node = node;
          findTemplate(frame, name);
        });
        const data = pipeline(node.pipe);
        emit((frame) => {
          const value = data(frame);
          frame.node = node;
          callTemplate(frame, name, value);
        });
        return;
      }
      case 'break':
        loop!.breaks.push(jump());
        return;
      case 'continue': {
        const { again } = loop!;
        ops.push(() => again);
        return;
      }
      default:
        return;
    }
  }

  function branch(node: BranchNode): void {
    const depth = variables.length;
    const value = pipeline(node.pipe);
    const saved = slots++;
    const isWith = node.type === 'with';
    const otherwise = jumpIf((frame) => {
      const found = value(frame);
      if (!isTrue(found)) return true;
      if (isWith) {
        frame.vars[saved] = frame.dot;
        frame.dot = found;
      }
      return false;
    });
    const ranged = dotRanged;
    if (isWith) dotRanged = false;
    scoped(node.list);
    dotRanged = ranged;
    if (isWith)
      emit((frame) => {
        frame.dot = frame.vars[saved]!;
      });
    if (node.elseList === undefined) land(otherwise);
    else {
      const end = jump();
      land(otherwise);
      scoped(node.elseList);
      land(end);
    }
    variables = variables.slice(0, depth);
  }

  function scoped(node: ListNode): void {
    const depth = variables.length;
    list(node);
    variables = variables.slice(0, depth);
  }

  function range(node: BranchNode): void {
    const depth = variables.length;
    const value = pipeline(node.pipe, true);
    const { decl } = node.pipe;
    const targets = decl.map((variable) => slotOf(variable.ident[0]!));
    const id = loops++;
    emit((frame) => {
      const found = value(frame);
      frame.loops[id] = loopOver(frame, found, targets);
    });
    // The first round decides between the body and `else`; later rounds between the body and the end.
    const empty = jumpIf((frame) => !frame.loops[id]!.next(frame));
    const body = ops.length;
    const outer = loop;
    const ranged = dotRanged;
    const skip = jump();
    const again = ops.length;
    const more = jumpIf((frame) => frame.loops[id]!.next(frame));
    const done = jump();
    land(skip);
    more.target = ops.length;
    loop = { again, breaks: [done] };
    dotRanged = true;
    scoped(node.list);
    ops.push(() => again);
    const { breaks } = loop;
    loop = outer;
    dotRanged = ranged;
    void body;
    for (const to of breaks) land(to);
    emit((frame) => {
      frame.dot = frame.loops[id]!.dot;
    });
    if (node.elseList === undefined) land(empty);
    else {
      const end = jump();
      land(empty);
      scoped(node.elseList);
      land(end);
    }
    variables = variables.slice(0, depth);
  }

  function slotOf(name: string): number {
    return findVariable(name)?.slot ?? 0;
  }

  function findVariable(name: string): Variable | undefined {
    for (let i = variables.length - 1; i >= 0; i--) if (variables[i]!.name === name) return variables[i];
    return undefined;
  }

  function pipeline(pipe: PipeNode, ranged = false): Expr {
    let value: Expr | undefined;
    for (const cmd of pipe.cmds) value = dug(command(cmd, value, pipe));
    const result = value!;
    const first = (frame: Frame) => {
      frame.node = pipe;
      return result(frame);
    };
    if (pipe.decl.length === 0) return first;
    if (pipe.isAssign) {
      const unknown = pipe.decl.find((variable) => findVariable(variable.ident[0]!) === undefined);
      if (unknown !== undefined) return undefinedVariable(first, unknown.ident[0]!);
      const targets = pipe.decl.map((variable) => slotOf(variable.ident[0]!));
      return assign(first, targets);
    }
    const targets = pipe.decl.map((variable) => {
      const slot = slots++;
      variables.push({ name: variable.ident[0]!, slot, ranged });
      return slot;
    });
    return assign(first, targets);
  }

  /** Go's parser lets an assignment define its variable; the execution does not. */
  function undefinedVariable(value: Expr, name: string): Expr {
    return (frame) => {
      value(frame);
      return fail(frame, `undefined variable: ${name}`);
    };
  }

  function assign(value: Expr, targets: readonly number[]): Expr {
    return (frame) => {
      const found = value(frame);
      for (const slot of targets) frame.vars[slot] = found;
      return found;
    };
  }

  /** A command; `final` is the value of the one before it in the pipeline. */
  function command(cmd: CommandNode, final: Expr | undefined, pipe: PipeNode): Expr {
    const word = cmd.args[0]!;
    switch (word.type) {
      case 'field':
      case 'chain':
        return chain(word, cmd.args, final);
      case 'variable':
        if (word.ident.length > 1) return chain(word, cmd.args, final);
        break;
      case 'identifier':
        return call(word.ident, word, cmd, cmd.args.slice(1), final);
      case 'pipe': {
        const misuse = noArguments(cmd, final);
        if (misuse !== undefined) return failing(pipe, misuse);
        return pipeline(word);
      }
    }
    const misuse = noArguments(cmd, final);
    if (misuse !== undefined) return failing(word, misuse);
    if (word.type === 'variable') return variable(word);
    if (word.type === 'dot') return dot(word);
    if (word.type === 'nil') return failing(word, 'nil is not a command');
    return literal(word, 'value');
  }

  function noArguments(cmd: CommandNode, final: Expr | undefined): string | undefined {
    if (cmd.args.length === 1 && final === undefined) return undefined;
    return `can't give argument to non-function ${print(cmd.args[0]!)}`;
  }

  function failing(node: ArgNode, message: string): Expr {
    return (frame) => {
      frame.node = node;
      return fail(frame, message);
    };
  }

  function dot(node: ArgNode): Expr {
    return (frame) => {
      frame.node = node;
      return frame.dot;
    };
  }

  function variable(node: ArgNode & { readonly type: 'variable' }): Expr {
    const found = findVariable(node.ident[0]!);
    // An assignment that nothing declared: the parser knows the variable, the execution does not (Go's rule).
    if (found === undefined) return failing(node, `undefined variable: ${node.ident[0]}`);
    const { slot } = found;
    return (frame) => {
      frame.node = node;
      return frame.vars[slot]!;
    };
  }

  /** Literals are made once, unless making them fails: that must happen when they are reached. */
  function literal(node: ArgNode, type: ParamType): Expr {
    let made: Value | undefined;
    return (frame) => {
      frame.node = node;
      if (made !== undefined) return made;
      made = type === 'value' ? constant(frame, node) : literalAs(frame, node, type);
      return made;
    };
  }

  /** `.A.B`, `$x.A`, `(pipe).A`, whose last name may be a method that takes the arguments. */
  function chain(node: ArgNode, args: readonly ArgNode[], final: Expr | undefined): Expr {
    const { receiver, names, slot } = start(node);
    const parameters = args.slice(1).map((arg) => argument(arg, 'value'));
    const last = names.length - 1;
    const hasArguments = parameters.length > 0 || final !== undefined;
    return (frame) => {
      const piped = final?.(frame);
      frame.node = node;
      let value = receiver(frame);
      let inSlot = slot;
      for (let i = 0; i <= last; i++) {
        const found = fieldOf(frame, value, names[i]!, inSlot);
        const given = i === last ? parameters : [];
        if ('call' in found) {
          value = method(frame, found, names[i]!, node, given, i === last ? piped : undefined);
          inSlot = false;
        } else {
          if (i === last && hasArguments) return notAMethod(frame, value, names[i]!);
          inSlot = holdsAny(value);
          value = found;
        }
      }
      return value;
    };
  }

  function start(node: ArgNode): { receiver: Expr; names: readonly string[]; slot: boolean } {
    if (node.type === 'field') return { receiver: (frame) => frame.dot, names: node.ident, slot: dotRanged };
    if (node.type === 'variable') {
      const found = findVariable(node.ident[0]!);
      const names = node.ident.slice(1);
      if (found === undefined) return { receiver: variable(node), names, slot: false };
      const { slot, ranged } = found;
      return { receiver: (frame) => frame.vars[slot]!, names, slot: ranged };
    }
    if (node.type !== 'chain') throw new Error(`a ${node.type} has no fields`);
    if (node.node.type === 'nil') {
      return {
        receiver: failing(node, `indirection through explicit nil in ${print(node)}`),
        names: node.field,
        slot: false,
      };
    }
    const inner = argument(node.node, 'value');
    return { receiver: hasCall(node.node) ? spilled(inner) : inner, names: node.field, slot: false };
  }

  /** A function call. */
  function call(name: string, node: ArgNode, cmd: CommandNode | ArgNode, args: readonly ArgNode[], final?: Expr): Expr {
    const fn = functions.get(name);
    if (fn === undefined) return failing(node, `${quote(name)} is not a defined function`);
    const wrong = arityError(fn, name, args.length, final !== undefined);
    if (wrong !== undefined) return failing(node, wrong);
    const enters = fn.enters === true;
    const spills = enters || args.some(hasCall);
    const before = final !== undefined && spills ? spilled(final) : final;
    if (fn.name === 'and' || fn.name === 'or') return shortCircuit(fn.name, args, before, spills);
    if (fn.name === 'call') return callValue(node, cmd, args, before);
    const given = inOrder(args, fn, spills);
    const finalType = paramAt(fn, args.length);
    const values = (frame: Frame): Value[] => {
      const piped = before?.(frame);
      frame.node = node;
      const out: Value[] = new Array(given.length);
      for (let i = 0; i < given.length; i++) out[i] = given[i]!(frame);
      if (piped !== undefined) out.push(checked(frame, piped, finalType));
      return out;
    };
    if (!enters) return (frame) => invoke(frame, fn, name, values(frame), cmd) as Value;
    const slot = slots++;
    emit((frame) => {
      const result = invoke(frame, fn, name, values(frame), cmd);
      if (result.kind !== 'enter') frame.vars[slot] = result;
      else {
        frame.node = cmd;
        enterTemplate(frame, result, slot);
      }
    });
    return (frame) => frame.vars[slot]!;
  }

  /** The arguments; those before one that runs a template are computed into slots first. */
  function inOrder(args: readonly ArgNode[], fn: GoFunction, spills: boolean): Expr[] {
    let lastCall = -1;
    if (spills) lastCall = args.findLastIndex(hasCall);
    return args.map((arg, i) => {
      const value = argument(arg, paramAt(fn, i));
      return i < lastCall ? spilled(value) : value;
    });
  }

  function spilled(value: Expr): Expr {
    const slot = slots++;
    emit((frame) => {
      frame.vars[slot] = value(frame);
    });
    return (frame) => frame.vars[slot]!;
  }

  /** `and` and `or` give the first argument that decides, and do not look at the rest. */
  function shortCircuit(name: 'and' | 'or', args: readonly ArgNode[], before: Expr | undefined, spills: boolean): Expr {
    const wanted = name === 'or';
    if (!spills) {
      const values = args.map((arg) => argument(arg, 'value'));
      return (frame) => {
        const piped = before?.(frame);
        let value: Value = missing;
        for (const each of values) {
          value = each(frame);
          if (isTrue(value) === wanted) return value;
        }
        return piped ?? value;
      };
    }
    const slot = slots++;
    const decided: { target: number }[] = [];
    for (const arg of args) {
      const value = argument(arg, 'value');
      decided.push(
        jumpIf((frame) => {
          const found = value(frame);
          frame.vars[slot] = found;
          return isTrue(found) === wanted;
        }),
      );
    }
    if (before !== undefined)
      emit((frame) => {
        frame.vars[slot] = before(frame);
      });
    for (const to of decided) land(to);
    return (frame) => frame.vars[slot]!;
  }

  /** `call fn args`: a function that is a value. */
  function callValue(
    node: ArgNode,
    cmd: CommandNode | ArgNode,
    args: readonly ArgNode[],
    final: Expr | undefined,
  ): Expr {
    const values = args.map((arg) => argument(arg, 'value'));
    const named = args[0] === undefined ? 'value' : print(args[0]);
    return (frame) => {
      const piped = final?.(frame);
      frame.node = node;
      const all = values.map((value) => value(frame));
      if (piped !== undefined) all.push(piped);
      const [target, ...rest] = all;
      frame.node = cmd;
      if (target === undefined || target.kind === 'nil') return fail(frame, 'error calling call: call of nil');
      if (target.kind !== 'func')
        return fail(frame, `error calling call: non-function ${named} of type ${target.kind}`);
      const { fn } = target;
      const least = fn.rest === undefined ? '' : 'at least ';
      if (fn.rest === undefined ? rest.length !== fn.params.length : rest.length < fn.params.length) {
        return fail(
          frame,
          `error calling call: wrong number of args for ${named}: got ${rest.length} want ${least}${fn.params.length}`,
        );
      }
      return invoke(
        frame,
        fn,
        'call',
        rest.map((value, i) => checked(frame, value, paramAt(fn, i))),
        cmd,
      ) as Value;
    };
  }

  /** An argument of a known type. */
  function argument(node: ArgNode, type: ParamType): Expr {
    switch (node.type) {
      case 'dot':
        return (frame) => {
          frame.node = node;
          return checked(frame, frame.dot, type);
        };
      case 'nil':
        return (frame) => {
          frame.node = node;
          return nilAs(frame, type);
        };
      case 'bool':
      case 'number':
      case 'string':
        return literal(node, type);
    }
    const value = operand(node);
    if (type === 'value') return value;
    return (frame) => {
      frame.node = node;
      return checked(frame, value(frame), type);
    };
  }

  function operand(node: ArgNode): Expr {
    switch (node.type) {
      case 'field':
      case 'chain':
        return chain(node, [], undefined);
      case 'variable':
        return node.ident.length > 1 ? chain(node, [], undefined) : variable(node);
      case 'pipe':
        return pipeline(node);
      case 'identifier':
        return call(node.ident, node, node, []);
      default:
        throw new Error(`${node.type} is no operand`);
    }
  }

  /** Whether evaluating the node runs a template. */
  function hasCall(node: ArgNode | CommandNode): boolean {
    let known = calls.get(node);
    if (known === undefined) {
      known = findCall(node);
      calls.set(node, known);
    }
    return known;
  }

  function findCall(node: ArgNode | CommandNode): boolean {
    switch (node.type) {
      case 'pipe':
        return node.cmds.some(hasCall);
      case 'command':
        return node.args.some(hasCall);
      case 'chain':
        return hasCall(node.node);
      case 'identifier':
        return functions.get(node.ident)?.enters === true;
      default:
        return false;
    }
  }
}

/** A value out of its `interface {}` slot: what a pipeline hands on. */
function dug(value: Expr): Expr {
  return (frame) => {
    const found = value(frame);
    return found === nil || (found.kind === 'nil' && found.slot) ? missing : found;
  };
}

function printed(
  frame: Frame,
  value: Value,
  node: TemplateNode & { readonly type: 'action' },
): string | ReturnType<typeof toText> {
  if (value.kind === 'string') return value;
  if (value.kind === 'func') return fail(frame, `can't print ${print(node)} of type func()`);
  return value.kind === 'nil' ? string('<no value>', value.from) : toText(value);
}

function method(
  frame: Frame,
  fn: GoFunction,
  name: string,
  node: ArgNode,
  args: readonly Expr[],
  final: Value | undefined,
): Value {
  const wrong = arityError(fn, name, args.length, final !== undefined);
  if (wrong !== undefined) return fail(frame, wrong);
  const values = args.map((arg, i) => checked(frame, arg(frame), paramAt(fn, i)));
  if (final !== undefined) values.push(checked(frame, final, paramAt(fn, args.length)));
  return invoke(frame, fn, name, values, node) as Value;
}

function notAMethod(frame: Frame, receiver: Value, name: string): Value {
  if (receiver.kind === 'map') return fail(frame, `${name} is not a method but has arguments`);
  if (receiver.kind === 'object') return fail(frame, `${name} has arguments but cannot be invoked as function`);
  return missing;
}
