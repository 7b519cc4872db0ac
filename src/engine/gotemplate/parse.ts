/** Tokens to trees, by Go's grammar and with Go's words for what is wrong. */
import { quote, unquote } from '../go/strconv.ts';
import { type Lexer, type LexOptions, lex, type Token } from './lex.ts';
import {
  type ArgNode,
  type CommandNode,
  isEmpty,
  type ListNode,
  type PipeNode,
  print,
  type TemplateNode,
} from './node.ts';
import { parseNumber } from './number.ts';

export interface ParseOptions extends LexOptions {
  /** Whether a function of that name exists; absent: every name passes. */
  readonly hasFunction?: (name: string) => boolean;
}

/** A text that is no template: Go's message, and where. */
export class ParseError extends Error {
  readonly pos: number;
  constructor(message: string, pos: number) {
    super(message);
    this.pos = pos;
  }
}

const maxNesting = 10000;

interface Scope {
  /** Names of the variables defined so far. */
  vars: string[];
  rangeDepth: number;
}

/**
 * The trees of one text by name: the text itself under `name`, and what it defines. Throws `ParseError`.
 */
export function parseText(name: string, text: string, options: ParseOptions = {}): Map<string, ListNode> {
  const trees = new Map<string, ListNode>();
  const parser = makeParser(name, lex(text, options), trees, options);
  parser.parseAll();
  return trees;
}

function makeParser(name: string, lexer: Lexer, trees: Map<string, ListNode>, options: ParseOptions) {
  /** Tokens read and put back, the next one last. */
  const ahead: Token[] = [];
  let last: Token = { type: 'eof', text: '', pos: 0, line: 1 };
  let actionLine = 0;
  let actionStart = 0;
  let nesting = 0;
  let scope: Scope = { vars: ['$'], rangeDepth: 0 };

  return { parseAll };

  function next(): Token {
    last = ahead.pop() ?? lexer.next();
    return last;
  }
  function backup(token: Token): void {
    ahead.push(token);
  }
  function peek(): Token {
    const token = next();
    backup(token);
    return token;
  }
  function nextNonSpace(): Token {
    for (;;) {
      const token = next();
      if (token.type !== 'space') return token;
    }
  }
  function peekNonSpace(): Token {
    const token = nextNonSpace();
    backup(token);
    return token;
  }

  function fail(message: string, token: Token = last): never {
    throw new ParseError(`template: ${name}:${token.line}: ${message}`, token.pos);
  }
  function unexpected(token: Token, context: string): never {
    if (token.type === 'error') {
      let extra = '';
      if (actionLine !== 0 && actionLine !== token.line) {
        extra = ` in action started at ${name}:${actionLine}`;
        if (token.text.endsWith(' action')) extra = extra.slice(' in action'.length);
      }
      fail(token.text + extra, token);
    }
    fail(`unexpected ${describe(token)} in ${context}`, token);
  }
  function expect(type: Token['type'], context: string): Token {
    const token = nextNonSpace();
    if (token.type !== type) unexpected(token, context);
    return token;
  }

  function parseAll(): void {
    const root: ListNode = { type: 'list', pos: peek().pos, nodes: [] };
    while (peek().type !== 'eof') {
      if (peek().type === 'leftDelim') {
        const delim = next();
        const token = nextNonSpace();
        if (isKeyword(token, 'define')) {
          definition();
          continue;
        }
        backup(token);
        backup(delim);
      }
      const node = textOrAction();
      if (node.type === 'end' || node.type === 'else') fail(`unexpected ${print(node)}`);
      root.nodes.push(node);
    }
    add(name, root);
  }

  function definition(): void {
    const context = 'define clause';
    const token = nextNonSpace();
    if (token.type !== 'string' && token.type !== 'rawString') unexpected(token, context);
    const defined = unquoted(token);
    expect('rightDelim', context);
    add(defined, body(context));
  }

  /** The list of a define or block: it has variables of its own. */
  function body(context: string): ListNode {
    const outer = scope;
    scope = { vars: ['$'], rangeDepth: 0 };
    const { list, end } = itemList();
    if (end.type !== 'end') fail(`unexpected ${print(end)} in ${context}`);
    scope = outer;
    return list;
  }

  function add(defined: string, root: ListNode): void {
    const existing = trees.get(defined);
    if (existing === undefined || isEmpty(existing)) trees.set(defined, root);
    else if (!isEmpty(root)) fail(`template: multiple definition of template ${quote(defined)}`);
  }

  function unquoted(token: Token): string {
    return unquote(token.text) ?? fail('invalid syntax', token);
  }

  function itemList(): { list: ListNode; end: TemplateNode } {
    const list: ListNode = { type: 'list', pos: peekNonSpace().pos, nodes: [] };
    while (peekNonSpace().type !== 'eof') {
      const node = textOrAction();
      if (node.type === 'end' || node.type === 'else') return { list, end: node };
      list.nodes.push(node);
    }
    return fail('unexpected EOF');
  }

  function textOrAction(): TemplateNode {
    const token = nextNonSpace();
    switch (token.type) {
      case 'text':
        return { type: 'text', pos: token.pos, text: token.text };
      case 'leftDelim': {
        actionLine = token.line;
        actionStart = token.pos;
        const node = action();
        actionLine = 0;
        return node;
      }
      case 'comment':
        return { type: 'comment', pos: token.pos, text: token.text };
      default:
        return unexpected(token, 'input');
    }
  }

  function action(): TemplateNode {
    const token = nextNonSpace();
    if (token.type === 'keyword') {
      switch (token.text) {
        case 'block':
          return block();
        case 'break':
        case 'continue':
          return jump(token.text, token.pos);
        case 'else':
          return elseControl();
        case 'end':
          return { type: 'end', pos: expect('rightDelim', 'end').pos };
        case 'if':
        case 'range':
        case 'with':
          return control(token.text);
        case 'template':
          return templateControl();
      }
    }
    backup(token);
    const start = actionStart;
    const pipe = pipeline('command', 'rightDelim');
    return { type: 'action', pos: token.pos, pipe, start, end: last.pos + last.text.length };
  }

  function jump(type: 'break' | 'continue', pos: number): TemplateNode {
    const token = nextNonSpace();
    if (token.type !== 'rightDelim') unexpected(token, `{{${type}}}`);
    if (scope.rangeDepth === 0) fail(`{{${type}}} outside {{range}}`);
    return { type, pos };
  }

  function elseControl(): TemplateNode {
    const token = peekNonSpace();
    if (isKeyword(token, 'if') || isKeyword(token, 'with')) return { type: 'else', pos: token.pos };
    return { type: 'else', pos: expect('rightDelim', 'else').pos };
  }

  function control(type: 'if' | 'range' | 'with'): TemplateNode {
    const depth = scope.vars.length;
    const pipe = pipeline(type, 'rightDelim');
    if (type === 'range') scope.rangeDepth++;
    const { list, end } = itemList();
    if (type === 'range') scope.rangeDepth--;
    const elseList = end.type === 'else' ? otherwise(type, end.pos) : undefined;
    scope.vars.length = depth;
    const node = { type, pos: pipe.pos, pipe, list };
    return elseList === undefined ? node : { ...node, elseList };
  }

  /** What follows `else`: a list up to `end`, or an `if` or `with` whose `end` serves both. */
  function otherwise(type: 'if' | 'range' | 'with', pos: number): ListNode {
    if (type !== 'range' && isKeyword(peek(), type)) {
      next();
      return { type: 'list', pos, nodes: [control(type)] };
    }
    const { list, end } = itemList();
    if (end.type !== 'end') fail(`expected end; found ${print(end)}`);
    return list;
  }

  function block(): TemplateNode {
    const context = 'block clause';
    const token = nextNonSpace();
    const defined = templateName(token, context);
    const pipe = pipeline(context, 'rightDelim');
    add(defined, body(context));
    return { type: 'template', pos: token.pos, name: defined, pipe };
  }

  function templateControl(): TemplateNode {
    const context = 'template clause';
    const token = nextNonSpace();
    const called = templateName(token, context);
    const after = nextNonSpace();
    if (after.type === 'rightDelim') return { type: 'template', pos: token.pos, name: called };
    backup(after);
    return { type: 'template', pos: token.pos, name: called, pipe: pipeline(context, 'rightDelim') };
  }

  function templateName(token: Token, context: string): string {
    if (token.type !== 'string' && token.type !== 'rawString') unexpected(token, context);
    return unquoted(token);
  }

  function pipeline(context: string, end: 'rightDelim' | 'rightParen'): PipeNode {
    const pos = peekNonSpace().pos;
    const decl: { type: 'variable'; pos: number; ident: string[] }[] = [];
    const isAssign = declarations(context, decl);
    const pipe: PipeNode = { type: 'pipe', pos, decl, isAssign, cmds: [] };
    for (;;) {
      const token = nextNonSpace();
      if (token.type === end) break;
      if (!startsOperand(token)) unexpected(token, context);
      backup(token);
      pipe.cmds.push(command());
    }
    checkPipeline(pipe, context);
    return pipe;
  }

  /** Reads `$a :=`, `$a =` or `$i, $a :=`; whether it was an assignment. */
  function declarations(context: string, decl: { type: 'variable'; pos: number; ident: string[] }[]): boolean {
    for (;;) {
      const variable = peekNonSpace();
      if (variable.type !== 'variable') return false;
      next();
      const adjacent = peek();
      const operator = peekNonSpace();
      const comma = operator.type === 'char' && operator.text === ',';
      if (operator.type !== 'assign' && operator.type !== 'declare' && !comma) {
        if (adjacent.type === 'space') backup(adjacent);
        backup(variable);
        return false;
      }
      nextNonSpace();
      decl.push({ type: 'variable', pos: variable.pos, ident: variable.text.split('.') });
      scope.vars.push(variable.text);
      if (!comma) return operator.type === 'assign';
      if (context !== 'range' || decl.length >= 2) fail(`too many declarations in ${context}`);
      const following = peekNonSpace().type;
      if (following !== 'variable' && following !== 'rightDelim' && following !== 'rightParen') {
        fail('range can only initialize variables');
      }
    }
  }

  function checkPipeline(pipe: PipeNode, context: string): void {
    if (pipe.cmds.length === 0) fail(`missing value for ${context}`);
    pipe.cmds.forEach((cmd, i) => {
      const type = cmd.args[0]!.type;
      if (i > 0 && (type === 'bool' || type === 'dot' || type === 'nil' || type === 'number' || type === 'string')) {
        fail(`non executable command in pipeline stage ${i + 1}`);
      }
    });
  }

  function command(): CommandNode {
    const cmd: CommandNode = { type: 'command', pos: peekNonSpace().pos, args: [] };
    for (;;) {
      peekNonSpace();
      const arg = operand();
      if (arg !== undefined) cmd.args.push(arg);
      const token = next();
      if (token.type === 'space') continue;
      if (token.type === 'rightDelim' || token.type === 'rightParen') backup(token);
      else if (token.type !== 'pipe') unexpected(token, 'operand');
      break;
    }
    if (cmd.args.length === 0) fail('empty command');
    return cmd;
  }

  function operand(): ArgNode | undefined {
    const node = term();
    if (node === undefined || peek().type !== 'field') return node;
    const pos = peek().pos;
    const field: string[] = [];
    while (peek().type === 'field') field.push(next().text.slice(1));
    switch (node.type) {
      case 'field':
        return { type: 'field', pos, ident: [...node.ident, ...field] };
      case 'variable':
        return { type: 'variable', pos, ident: [...node.ident, ...field] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return fail(`unexpected . after term ${quote(print(node))}`);
      default:
        return { type: 'chain', pos, node, field };
    }
  }

  function term(): ArgNode | undefined {
    const token = nextNonSpace();
    const { pos, text } = token;
    switch (token.type) {
      case 'identifier':
        if (options.hasFunction?.(text) === false) fail(`function ${quote(text)} not defined`);
        return { type: 'identifier', pos, ident: text };
      case 'dot':
      case 'nil':
        return { type: token.type, pos };
      case 'variable': {
        const ident = text.split('.');
        if (!scope.vars.includes(ident[0]!)) fail(`undefined variable ${quote(ident[0]!)}`);
        return { type: 'variable', pos, ident };
      }
      case 'field':
        return { type: 'field', pos, ident: text.slice(1).split('.') };
      case 'bool':
        return { type: 'bool', pos, value: text === 'true' };
      case 'charConstant':
      case 'complex':
      case 'number': {
        const kind = token.type === 'charConstant' ? 'char' : token.type;
        const number = parseNumber(text, kind, pos);
        return typeof number === 'string' ? fail(number) : number;
      }
      case 'leftParen': {
        if (nesting >= maxNesting) fail('max expression depth exceeded');
        nesting++;
        const pipe = pipeline('parenthesized pipeline', 'rightParen');
        nesting--;
        return pipe;
      }
      case 'string':
      case 'rawString':
        return { type: 'string', pos, quoted: text, text: unquoted(token) };
    }
    backup(token);
    return undefined;
  }
}

function isKeyword(token: Token, word: string): boolean {
  return token.type === 'keyword' && token.text === word;
}

function startsOperand(token: Token): boolean {
  switch (token.type) {
    case 'bool':
    case 'charConstant':
    case 'complex':
    case 'dot':
    case 'field':
    case 'identifier':
    case 'number':
    case 'nil':
    case 'rawString':
    case 'string':
    case 'variable':
    case 'leftParen':
      return true;
    default:
      return false;
  }
}

/** A token as Go's messages show it. */
function describe(token: Token): string {
  if (token.type === 'eof') return 'EOF';
  if (token.type === 'error') return token.text;
  if (token.type === 'keyword' || token.type === 'nil' || token.type === 'dot') return `<${token.text}>`;
  return token.text.length > 10 ? `${quote([...token.text].slice(0, 10).join(''))}...` : quote(token.text);
}
