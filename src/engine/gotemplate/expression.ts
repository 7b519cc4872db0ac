/**
 * Expressions to closures: pipelines, commands, fields, arguments, calls.
 *
 * An expression that runs a template (`include`, `tpl`) cannot be a closure, because the machine runs templates in its
 * own loop. Such calls are operations that leave their value in a temporary slot; everything that is evaluated before
 * them in the same expression is put into slots as well, so that the order of evaluation stays Go's.
 */
import { quote } from '../go/strconv.ts';
import {
  type Assembler,
  declare,
  emit,
  findVariable,
  type Jump,
  jumpIf,
  land,
  newSlot,
  notRanged,
} from './assembler.ts';
import { arityError, checked, constant, invoke, literalAs, nilAs, paramAt } from './call.ts';
import { fieldOf, holdsAny } from './field.ts';
import { type Expr, enterTemplate, type Frame, fail } from './machine.ts';
import { type ArgNode, type CommandNode, type PipeNode, print } from './node.ts';
import { type FunctionTable, type GoFunction, isTrue, missing, nil, type ParamType, type Value } from './value.ts';

export interface Expressions {
  /** A pipeline with its declarations; `ranged` is the loop that sets what they declare. */
  readonly pipeline: (pipe: PipeNode, ranged?: number) => Expr;
  readonly slotOf: (name: string) => number;
}

/** The compiler of expressions into `code`. */
export function expressions(code: Assembler, functions: FunctionTable): Expressions {
  const calls = new Map<ArgNode | CommandNode, boolean>();
  return { pipeline, slotOf };

  function slotOf(name: string): number {
    return findVariable(code, name)?.slot ?? 0;
  }

  function pipeline(pipe: PipeNode, ranged = notRanged): Expr {
    let value: Expr | undefined;
    for (const cmd of pipe.cmds) value = dug(command(cmd, value, pipe));
    const result = value!;
    const first = (frame: Frame) => {
      frame.node = pipe;
      return result(frame);
    };
    if (pipe.decl.length === 0) return first;
    if (pipe.isAssign) {
      const unknown = pipe.decl.find((variable) => findVariable(code, variable.ident[0]!) === undefined);
      if (unknown !== undefined) return undefinedVariable(first, unknown.ident[0]!);
      const targets = pipe.decl.map((variable) => slotOf(variable.ident[0]!));
      return assign(first, targets);
    }
    const targets = pipe.decl.map((variable) => {
      return declare(code, variable.ident[0]!, ranged);
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
        if (misuse !== undefined) return failing(pipe, misuse, final);
        return pipeline(word);
      }
    }
    const misuse = noArguments(cmd, final);
    if (misuse !== undefined) return failing(word, misuse, final);
    if (word.type === 'variable') return variable(word);
    if (word.type === 'dot') return dot(word);
    if (word.type === 'nil') return failing(word, 'nil is not a command');
    return literal(word, 'value');
  }

  function noArguments(cmd: CommandNode, final: Expr | undefined): string | undefined {
    if (cmd.args.length === 1 && final === undefined) return undefined;
    return `can't give argument to non-function ${print(cmd.args[0]!)}`;
  }

  /** Fails when it is reached; what comes before it in the pipeline may fail first. */
  function failing(node: ArgNode, message: string, final?: Expr): Expr {
    return (frame) => {
      final?.(frame);
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
    const found = findVariable(code, node.ident[0]!);
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
    const { receiver, names, ranged } = start(node);
    const parameters = args.slice(1).map((arg) => argument(arg, 'value'));
    const last = names.length - 1;
    const hasArguments = parameters.length > 0 || final !== undefined;
    return (frame) => {
      const piped = final?.(frame);
      frame.node = node;
      let value = receiver(frame);
      let inSlot = ranged !== notRanged && frame.loops[ranged]!.slot;
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

  function start(node: ArgNode): { receiver: Expr; names: readonly string[]; ranged: number } {
    if (node.type === 'field') return { receiver: (frame) => frame.dot, names: node.ident, ranged: code.dotRanged };
    if (node.type === 'variable') {
      const found = findVariable(code, node.ident[0]!);
      const names = node.ident.slice(1);
      if (found === undefined) return { receiver: variable(node), names, ranged: notRanged };
      const { slot, ranged } = found;
      return { receiver: (frame) => frame.vars[slot]!, names, ranged };
    }
    if (node.type !== 'chain') throw new Error(`a ${node.type} has no fields`);
    if (node.node.type === 'nil') {
      return {
        receiver: failing(node, `indirection through explicit nil in ${print(node)}`),
        names: node.field,
        ranged: notRanged,
      };
    }
    const inner = argument(node.node, 'value');
    return { receiver: hasCall(node.node) ? spilled(inner) : inner, names: node.field, ranged: notRanged };
  }

  /** A function call. */
  function call(name: string, node: ArgNode, cmd: CommandNode | ArgNode, args: readonly ArgNode[], final?: Expr): Expr {
    const fn = functions.get(name);
    if (fn === undefined) return failing(node, `${quote(name)} is not a defined function`, final);
    const wrong = arityError(fn, name, args.length, final !== undefined);
    if (wrong !== undefined) return failing(node, wrong, final);
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
    const slot = newSlot(code);
    emit(code, (frame) => {
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
    const slot = newSlot(code);
    emit(code, (frame) => {
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
    const slot = newSlot(code);
    const decided: Jump[] = [];
    for (const arg of args) {
      const value = argument(arg, 'value');
      decided.push(
        jumpIf(code, (frame) => {
          const found = value(frame);
          frame.vars[slot] = found;
          return isTrue(found) === wanted;
        }),
      );
    }
    if (before !== undefined)
      emit(code, (frame) => {
        frame.vars[slot] = before(frame);
      });
    for (const to of decided) land(code, to);
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
