/** Trees to code: control flow becomes a flat list of operations, expressions become closures (expression.ts). */
import { emit, type Jump, jump, jumpIf, land, newAssembler, newSlot, notRanged } from './assembler.ts';
import { expressions } from './expression.ts';
import { toText } from './format.ts';
import { type Code, callTemplate, type Frame, fail, findTemplate, write } from './machine.ts';
import { type BranchNode, type ListNode, type PipeNode, print, type TemplateNode } from './node.ts';
import { loopOver } from './range.ts';
import { type FunctionTable, isTrue, missing, type StringValue, string, type Value } from './value.ts';

interface Loop {
  readonly again: number;
  /** Jumps that wait to learn where the loop ends. */
  readonly breaks: Jump[];
}

/** Compiles one template's tree against a table of functions. */
export function compile(root: ListNode, functions: FunctionTable): Code {
  const code = newAssembler();
  const { pipeline, slotOf } = expressions(code, functions);
  let loop: Loop | undefined;
  list(root);
  return code;

  function list(node: ListNode): void {
    for (const child of node.nodes) statement(child);
  }

  function statement(node: TemplateNode): void {
    switch (node.type) {
      case 'text':
        text(node, node.text);
        return;
      case 'action': {
        const fixed = fixedText(node.pipe);
        if (fixed !== undefined) {
          text(node, string(fixed));
          return;
        }
        const value = pipeline(node.pipe);
        if (node.pipe.decl.length > 0) emit(code, value);
        else
          emit(code, (frame) => {
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
          emit(code, (frame) => {
            frame.node = node;
            callTemplate(frame, name, missing);
          });
          return;
        }
        // Whether the template exists is asked before its argument is looked at.
        emit(code, (frame) => {
          frame.node = node;
          findTemplate(frame, name);
        });
        const data = pipeline(node.pipe);
        emit(code, (frame) => {
          const value = data(frame);
          frame.node = node;
          callTemplate(frame, name, value);
        });
        return;
      }
      case 'break':
        loop!.breaks.push(jump(code));
        return;
      case 'continue': {
        const { again } = loop!;
        code.ops.push(() => again);
        return;
      }
      default:
        return;
    }
  }

  function text(node: TemplateNode, printed: string | StringValue): void {
    emit(code, (frame) => {
      frame.node = node;
      write(frame, printed);
    });
  }

  function branch(node: BranchNode): void {
    const depth = code.variables.length;
    const value = pipeline(node.pipe);
    const saved = newSlot(code);
    const isWith = node.type === 'with';
    const otherwise = jumpIf(code, (frame) => {
      const found = value(frame);
      if (!isTrue(found)) return true;
      if (isWith) {
        frame.vars[saved] = frame.dot;
        frame.dot = found;
      }
      return false;
    });
    const ranged = code.dotRanged;
    if (isWith) code.dotRanged = notRanged;
    scoped(node.list);
    code.dotRanged = ranged;
    if (isWith)
      emit(code, (frame) => {
        frame.dot = frame.vars[saved]!;
      });
    if (node.elseList === undefined) land(code, otherwise);
    else {
      const end = jump(code);
      land(code, otherwise);
      scoped(node.elseList);
      land(code, end);
    }
    code.variables = code.variables.slice(0, depth);
  }

  function scoped(node: ListNode): void {
    const depth = code.variables.length;
    list(node);
    code.variables = code.variables.slice(0, depth);
  }

  function range(node: BranchNode): void {
    const depth = code.variables.length;
    const id = code.loops++;
    const value = pipeline(node.pipe, id);
    const { decl } = node.pipe;
    const targets = decl.map((variable) => slotOf(variable.ident[0]!));
    emit(code, (frame) => {
      const found = value(frame);
      frame.loops[id] = loopOver(frame, found, targets);
    });
    // The first round decides between the body and `else`; later rounds between the body and the end.
    const empty = jumpIf(code, (frame) => !frame.loops[id]!.next(frame));
    const outer = loop;
    const ranged = code.dotRanged;
    const skip = jump(code);
    const again = code.ops.length;
    const more = jumpIf(code, (frame) => frame.loops[id]!.next(frame));
    const done = jump(code);
    land(code, skip);
    more.target = code.ops.length;
    loop = { again, breaks: [done] };
    code.dotRanged = id;
    scoped(node.list);
    code.ops.push(() => again);
    const { breaks } = loop;
    loop = outer;
    code.dotRanged = ranged;
    for (const to of breaks) land(code, to);
    emit(code, (frame) => {
      frame.dot = frame.loops[id]!.dot;
    });
    if (node.elseList === undefined) land(code, empty);
    else {
      const end = jump(code);
      land(code, empty);
      scoped(node.elseList);
      land(code, end);
    }
    code.variables = code.variables.slice(0, depth);
  }
}

/** What an action prints that is a string and nothing else: escaped braces, of which alert rules are full. */
function fixedText(pipe: PipeNode): string | undefined {
  if (pipe.cmds.length !== 1 || pipe.decl.length > 0) return undefined;
  const { args } = pipe.cmds[0]!;
  const [word] = args;
  return args.length === 1 && word?.type === 'string' ? word.text : undefined;
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
