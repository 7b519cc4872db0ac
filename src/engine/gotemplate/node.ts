/** The parse tree, node for node Go's text/template/parse, because error messages print it back. */
import { quote } from '../go/strconv.ts';

interface At {
  /** UTF-16 offset of the node in its source: where an error message points. */
  readonly pos: number;
}

export interface ListNode extends At {
  readonly type: 'list';
  readonly nodes: TemplateNode[];
}
export interface TextNode extends At {
  readonly type: 'text';
  readonly text: string;
}
export interface CommentNode extends At {
  readonly type: 'comment';
  readonly text: string;
}
export interface ActionNode extends At {
  readonly type: 'action';
  readonly pipe: PipeNode;
  /** The whole action with its delimiters. */
  readonly start: number;
  readonly end: number;
}
export interface BranchNode extends At {
  readonly type: 'if' | 'range' | 'with';
  readonly pipe: PipeNode;
  readonly list: ListNode;
  readonly elseList?: ListNode;
}
export interface CallNode extends At {
  readonly type: 'template';
  readonly name: string;
  readonly pipe?: PipeNode;
}
export interface JumpNode extends At {
  readonly type: 'break' | 'continue';
}
export interface EndNode extends At {
  readonly type: 'end' | 'else';
}
export interface PipeNode extends At {
  readonly type: 'pipe';
  readonly decl: VariableNode[];
  readonly isAssign: boolean;
  readonly cmds: CommandNode[];
}
export interface CommandNode extends At {
  readonly type: 'command';
  readonly args: ArgNode[];
}
export interface IdentifierNode extends At {
  readonly type: 'identifier';
  readonly ident: string;
}
export interface VariableNode extends At {
  readonly type: 'variable';
  readonly ident: readonly string[];
}
export interface DotNode extends At {
  readonly type: 'dot' | 'nil';
}
export interface FieldNode extends At {
  readonly type: 'field';
  readonly ident: readonly string[];
}
export interface ChainNode extends At {
  readonly type: 'chain';
  readonly node: ArgNode;
  readonly field: string[];
}
export interface BoolNode extends At {
  readonly type: 'bool';
  readonly value: boolean;
}
export interface NumberNode extends At {
  readonly type: 'number';
  readonly text: string;
  readonly int?: bigint;
  readonly uint?: bigint;
  readonly float?: number;
  readonly complex?: { readonly re: number; readonly im: number };
}
export interface StringNode extends At {
  readonly type: 'string';
  readonly quoted: string;
  readonly text: string;
}

export type ArgNode =
  | PipeNode
  | IdentifierNode
  | VariableNode
  | DotNode
  | FieldNode
  | ChainNode
  | BoolNode
  | NumberNode
  | StringNode;
export type TemplateNode = TextNode | CommentNode | ActionNode | BranchNode | CallNode | JumpNode | EndNode;
export type AnyNode = ListNode | TemplateNode | CommandNode | ArgNode;

/**
 * The node as Go prints it back: what stands between `<` and `>` in an execution error. `show` shows plain text.
 */
export function print(node: AnyNode, show: (text: string) => string = (text) => text): string {
  const inner = (child: AnyNode) => print(child, show);
  switch (node.type) {
    case 'list':
      return node.nodes.map(inner).join('');
    case 'text':
      return show(node.text);
    case 'comment':
      return `{{${node.text}}}`;
    case 'action':
      return `{{${print(node.pipe)}}}`;
    case 'if':
    case 'range':
    case 'with': {
      const otherwise = node.elseList === undefined ? '' : `{{else}}${inner(node.elseList)}`;
      return `{{${node.type} ${print(node.pipe)}}}${inner(node.list)}${otherwise}{{end}}`;
    }
    case 'template':
      return `{{template ${quote(node.name)}${node.pipe === undefined ? '' : ` ${print(node.pipe)}`}}}`;
    case 'break':
    case 'continue':
    case 'end':
    case 'else':
      return `{{${node.type}}}`;
    case 'pipe':
      return printPipe(node);
    case 'command':
      return node.args.map(printArg).join(' ');
    case 'identifier':
      return node.ident;
    case 'variable':
      return node.ident.join('.');
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'field':
      return node.ident.map((name) => `.${name}`).join('');
    case 'chain':
      return printArg(node.node) + node.field.map((name) => `.${name}`).join('');
    case 'bool':
      return String(node.value);
    case 'number':
      return node.text;
    case 'string':
      return node.quoted;
  }
}

function printArg(node: ArgNode): string {
  return node.type === 'pipe' ? `(${print(node)})` : print(node);
}

function printPipe(pipe: PipeNode): string {
  const decl =
    pipe.decl.length === 0 ? '' : `${pipe.decl.map((each) => print(each)).join(', ')} ${pipe.isAssign ? '=' : ':='} `;
  return decl + pipe.cmds.map((each) => print(each)).join(' | ');
}

/** Whether a template holds nothing but space and comments: such a definition never replaces another. */
export function isEmpty(list: ListNode): boolean {
  return list.nodes.every(
    (node) => node.type === 'comment' || (node.type === 'text' && /^[\s\u0085]*$/.test(node.text)),
  );
}
