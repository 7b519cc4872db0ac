/** Template text to tokens, by Go's rules: trim markers, comments that must abut their delimiters, nested parentheses. */
import { isPrint, quote } from '../go/strconv.ts';

export type TokenType =
  | 'error'
  | 'eof'
  | 'text'
  | 'comment'
  | 'leftDelim'
  | 'rightDelim'
  | 'space'
  | 'bool'
  | 'char'
  | 'charConstant'
  | 'complex'
  | 'assign'
  | 'declare'
  | 'field'
  | 'identifier'
  | 'leftParen'
  | 'rightParen'
  | 'number'
  | 'pipe'
  | 'rawString'
  | 'string'
  | 'variable'
  | 'keyword'
  | 'dot'
  | 'nil';

export interface Token {
  readonly type: TokenType;
  readonly text: string;
  readonly pos: number;
  readonly line: number;
}

export interface Lexer {
  /** The next token; after `eof` or `error` it stays there. */
  next(): Token;
}

export interface LexOptions {
  readonly left?: string;
  readonly right?: string;
  readonly comments?: boolean;
}

const keywords = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);
const word = /[\p{L}\p{Nd}_]*/uy;
const number =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y;
const quoted = /"(?:[^"\\\n]|\\[^\n])*"/y;
const character = /'(?:[^'\\\n]|\\[^\n])*'/y;

/** A lexer over a text; it reads on demand and never fails: what is wrong comes as an `error` token. */
export function lex(input: string, options: LexOptions = {}): Lexer {
  const left = options.left === undefined || options.left === '' ? '{{' : options.left;
  const right = options.right === undefined || options.right === '' ? '}}' : options.right;
  let pos = 0;
  let line = 1;
  let inside = false;
  let depth = 0;
  let failed: Token | undefined;
  const [firstOfRight, secondOfRight] = [right.charCodeAt(0), right.charCodeAt(1)];

  return { next };

  function next(): Token {
    if (failed !== undefined) return failed;
    return inside ? insideAction() : text();
  }

  function token(type: TokenType, start: number, end: number): Token {
    const made = { type, text: input.slice(start, end), pos: start, line };
    pos = end;
    return made;
  }

  function fail(message: string, start: number, at = line): Token {
    failed = { type: 'error', text: message, pos: start, line: at };
    return failed;
  }

  function countLines(start: number, end: number): void {
    for (let i = input.indexOf('\n', start); i >= 0 && i < end; i = input.indexOf('\n', i + 1)) line++;
  }

  function text(): Token {
    for (;;) {
      const open = input.indexOf(left, pos);
      if (open < 0) {
        if (pos >= input.length) return { type: 'eof', text: 'EOF', pos, line };
        const made = token('text', pos, input.length);
        countLines(made.pos, input.length);
        return made;
      }
      if (open > pos) {
        const start = pos;
        const startLine = line;
        let end = open;
        if (trimsLeft(open + left.length)) while (end > start && isSpace(input.charCodeAt(end - 1))) end--;
        countLines(start, open);
        pos = open;
        if (end > start) return { type: 'text', text: input.slice(start, end), pos: start, line: startLine };
      }
      const comment = leftDelim(open);
      if (comment !== undefined) return comment;
    }
  }

  function trimsLeft(at: number): boolean {
    return input[at] === '-' && isSpace(input.charCodeAt(at + 1));
  }

  /** The left delimiter, or a comment that the caller asked for; undefined after a comment that is dropped. */
  function leftDelim(open: number): Token | undefined {
    const after = open + left.length;
    const inner = trimsLeft(after) ? after + 2 : after;
    if (!input.startsWith('/*', inner)) {
      const made = token('leftDelim', open, after);
      countLines(after, inner);
      pos = inner;
      inside = true;
      depth = 0;
      return made;
    }
    countLines(open, inner);
    const close = input.indexOf('*/', inner + 2);
    if (close < 0) return fail('unclosed comment', inner);
    const end = close + 2;
    const delim = rightDelim(end);
    if (delim === 0) return fail('comment ends before closing delimiter', inner);
    const made: Token = { type: 'comment', text: input.slice(inner, end), pos: inner, line };
    skipRight(inner, end, delim);
    return options.comments === true ? made : undefined;
  }

  /** 0: no right delimiter at `at`; 1: one; 2: one that trims. */
  function rightDelim(at: number): 0 | 1 | 2 {
    const code = input.charCodeAt(at);
    if (isSpace(code) && input.charCodeAt(at + 1) === minus && isRight(at + 2)) return 2;
    return isRight(at) ? 1 : 0;
  }

  /** Most texts are told apart by the first two characters, which are all that the usual delimiter has. */
  function isRight(at: number): boolean {
    if (input.charCodeAt(at) !== firstOfRight) return false;
    return right.length === 2 ? input.charCodeAt(at + 1) === secondOfRight : input.startsWith(right, at);
  }

  /** Moves past a right delimiter at `at` and what it trims; `from` is where lines were last counted. */
  function skipRight(from: number, at: number, delim: 1 | 2): void {
    pos = at + right.length;
    if (delim === 2) {
      pos = spacesEnd(at + 2 + right.length);
    }
    countLines(from, pos);
  }

  function insideAction(): Token {
    const delim = rightDelim(pos);
    if (delim > 0) {
      if (depth > 0) return fail('unclosed left paren', pos);
      return closeAction(pos, delim as 1 | 2);
    }
    const start = pos;
    if (pos >= input.length) return fail('unclosed action', start);
    const code = input.charCodeAt(pos);
    if (isSpace(code)) return spaces(start);
    const char = input[pos]!;
    switch (char) {
      case '=':
        return token('assign', start, start + 1);
      case ':':
        return input[start + 1] === '=' ? token('declare', start, start + 2) : fail('expected :=', start);
      case '|':
        return token('pipe', start, start + 1);
      case '"':
        return delimited(quoted, 'string', 'unterminated quoted string');
      case "'":
        return delimited(character, 'charConstant', 'unterminated character constant');
      case '`': {
        const end = input.indexOf('`', start + 1);
        if (end < 0) return fail('unterminated raw quoted string', start);
        const made = token('rawString', start, end + 1);
        countLines(start, end);
        return made;
      }
      case '$':
        return fieldOrVariable('variable');
      case '(':
        depth++;
        return token('leftParen', start, start + 1);
      case ')':
        depth--;
        return depth < 0 ? fail('unexpected right paren', start) : token('rightParen', start, start + 1);
    }
    // A point at the very end counts as a number, as in Go.
    if (char === '.' && start + 1 < input.length && !isDigit(input.charCodeAt(start + 1)))
      return fieldOrVariable('field');
    if (char === '.' || char === '+' || char === '-' || isDigit(code)) return numeric();
    const end = wordEnd(start);
    if (end > start) return identifier(start, end);
    if (code < 0x7f && code > 0x20) return token('char', start, start + 1);
    return fail(`unrecognized character in action: ${describe(input.codePointAt(start)!)}`, start);
  }

  function closeAction(at: number, delim: 1 | 2): Token {
    const start = delim === 2 ? at + 2 : at;
    countLines(at, start);
    const made: Token = { type: 'rightDelim', text: right, pos: start, line };
    skipRight(start, at, delim);
    inside = false;
    return made;
  }

  function spaces(start: number): Token {
    let end = spacesEnd(start);
    if (rightDelim(end - 1) === 2) {
      if (end - start === 1) return closeAction(start, 2);
      end--;
    }
    const made = token('space', start, end);
    countLines(start, end);
    return made;
  }

  function delimited(pattern: RegExp, type: TokenType, message: string): Token {
    pattern.lastIndex = pos;
    const match = pattern.exec(input);
    return match === null ? fail(message, pos) : token(type, pos, pos + match[0].length);
  }

  function numeric(): Token {
    const start = pos;
    let end = scanNumber(start);
    if (end < 0) return fail(`bad number syntax: ${quote(input.slice(start, ~end))}`, start);
    const sign = input[end];
    if (sign !== '+' && sign !== '-') return token('number', start, end);
    end = scanNumber(end);
    if (end < 0) return fail(`bad number syntax: ${quote(input.slice(start, ~end))}`, start);
    if (input[end - 1] !== 'i') return fail(`bad number syntax: ${quote(input.slice(start, end))}`, start);
    return token('complex', start, end);
  }

  /** The end of the number; its complement when the next character would run into it. */
  function scanNumber(start: number): number {
    number.lastIndex = start;
    const end = start + number.exec(input)![0].length;
    return wordEnd(end) > end ? ~(end + String.fromCodePoint(input.codePointAt(end)!).length) : end;
  }

  /** Where the letters, digits and underscores from `start` on end. */
  function wordEnd(start: number): number {
    let end = start;
    let code = input.charCodeAt(end);
    while (isWord(code)) code = input.charCodeAt(++end);
    // Beyond ASCII the table of Unicode decides; the end of the text is no number at all.
    if (!(code >= 0x80)) return end;
    word.lastIndex = end;
    return end + word.exec(input)![0].length;
  }

  function spacesEnd(start: number): number {
    let end = start;
    while (isSpace(input.charCodeAt(end))) end++;
    return end;
  }

  function identifier(start: number, end: number): Token {
    if (!atTerminator(end)) return badCharacter(start, end);
    const name = input.slice(start, end);
    if (keywords.has(name)) return token('keyword', start, end);
    if (name === 'nil') return token('nil', start, end);
    return token(name === 'true' || name === 'false' ? 'bool' : 'identifier', start, end);
  }

  function fieldOrVariable(type: 'field' | 'variable'): Token {
    const start = pos;
    if (atTerminator(start + 1)) return token(type === 'variable' ? 'variable' : 'dot', start, start + 1);
    const end = wordEnd(start + 1);
    return atTerminator(end) ? token(type, start, end) : badCharacter(start, end);
  }

  function badCharacter(start: number, at: number): Token {
    return fail(`bad character ${describe(input.codePointAt(at)!)}`, start);
  }

  function atTerminator(at: number): boolean {
    if (at >= input.length) return true;
    const code = input.charCodeAt(at);
    return isSpace(code) || '.,|:)('.includes(input[at]!) || isRight(at);
  }
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}

const minus = 0x2d;

function isWord(code: number): boolean {
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || isDigit(code) || code === 0x5f;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** A character as `%#U` prints it. */
function describe(code: number): string {
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  const char = String.fromCodePoint(code);
  return isPrint(char) ? `${hex} '${char}'` : hex;
}
