/** Strings rewritten word by word: case styles, wrapping, abbreviations (goutils and xstrings as sprig uses them). */
import { byteLength, decode, encode, sliceBytes } from '../../go/utf8.ts';
import { GoError, type GoFunction, string } from '../value.ts';
import { fn, num, text } from './define.ts';
import { goSpace } from './strings.ts';

const space = new RegExp(`^[${goSpace}]$`);
const isSpace = (char: string) => space.test(char);
const isUpper = (char: string) => /^\p{Lu}$/u.test(char);
const isLower = (char: string) => /^\p{Ll}$/u.test(char);
const isConnector = (char: string) => char === '-' || char === '_' || isSpace(char);

/** A character changed only when the change is one character too, as in Go. */
function one(char: string, changed: string): string {
  return [...changed].length === 1 ? changed : char;
}
const up = (char: string) => one(char, char.toUpperCase());
const down = (char: string) => one(char, char.toLowerCase());

function untitle(value: string): string {
  let next = true;
  return [...value]
    .map((char) => {
      if (isSpace(char)) next = true;
      else if (next) {
        next = false;
        return down(char);
      }
      return char;
    })
    .join('');
}

function swapCase(value: string): string {
  return [...value].map((char) => (isLower(char) ? up(char) : down(char))).join('');
}

/** goutils walks over bytes and takes each for a character of its own. */
function bytewise(value: string): string {
  let out = '';
  for (const byte of encode(value)) out += String.fromCharCode(byte);
  return out;
}

/** Bytes as `bytewise` gives them, as a Go string. */
function fromBytes(value: string): string {
  return decode(Uint8Array.from(value, (char) => char.charCodeAt(0)));
}

function initials(value: string): string {
  let gap = true;
  let out = '';
  for (const char of value) {
    if (isSpace(char)) gap = true;
    else if (gap) {
      out += char;
      gap = false;
    }
  }
  return out;
}

function wrap(value: string, width: number, newline: string): string {
  const length = Math.max(width, 1);
  const separator = newline === '' ? '\n' : newline;
  let out = '';
  let offset = 0;
  while (value.length - offset > length) {
    if (value[offset] === ' ') {
      offset++;
      continue;
    }
    const at = value.slice(offset, offset + length + 1).lastIndexOf(' ');
    if (at >= 0) {
      out += value.slice(offset, offset + at) + separator;
      offset += at + 1;
    } else {
      out += value.slice(offset, offset + length) + separator;
      offset += length;
    }
  }
  return out + value.slice(offset);
}

/** goutils' wrap: breaks at spaces, and leaves longer words whole. */
function wrapSoft(value: string, width: number): string {
  const length = Math.max(width, 1);
  let out = '';
  let offset = 0;
  while (value.length - offset > length) {
    if (value[offset] === ' ') {
      offset++;
      continue;
    }
    const at = value.slice(offset, offset + length + 1).lastIndexOf(' ');
    if (at >= 0) {
      out += `${value.slice(offset, offset + at)}\n`;
      offset += at + 1;
      continue;
    }
    const next = value.indexOf(' ', offset + length);
    if (next < 0) return out + value.slice(offset);
    out += `${value.slice(offset, next)}\n`;
    offset = next + 1;
  }
  return out + value.slice(offset);
}

function abbreviate(value: string, offset: number, width: number): string {
  const length = byteLength(value);
  const cut = (start: number, end: number) => sliceBytes(value, start, end);
  if (value === '' || width < 4) return '';
  if (length <= width) return value;
  let start = Math.min(offset, length);
  if (length - start < width - 3) start = length - (width - 3);
  if (start <= 4) return `${cut(0, width - 3)}...`;
  if (width < 7) return '';
  if (start + width - 3 < length) return `...${abbreviate(cut(start, length), 0, width - 3)}`;
  return `...${cut(length - (width - 3), length)}`;
}

function pascalCase(value: string): string {
  const chars = [...value];
  let i = 0;
  let out = '';
  while (i < chars.length && isConnector(chars[i]!)) out += chars[i++];
  if (i >= chars.length) return out;
  let upperRun = isUpper(chars[i]!);
  let current = up(chars[i]!);
  for (i++; i < chars.length; i++) {
    const previous = current;
    current = chars[i]!;
    if (isConnector(current) && isConnector(previous)) {
      out += previous;
      continue;
    }
    if (isConnector(previous)) {
      upperRun = isUpper(current);
      current = up(current);
      continue;
    }
    if (upperRun) {
      if (isUpper(current)) current = down(current);
      else upperRun = false;
    }
    out += previous;
  }
  return out + current;
}

type Word = 'number' | 'upper' | 'alphabet' | 'connector' | 'punct' | 'other' | 'none';

function isAlphabet(char: string): boolean {
  return /^\p{L}$/u.test(char) && (isUpper(char) || isLower(char));
}

function kindOfChar(char: string): Word {
  if (isConnector(char)) return 'connector';
  if (/^\p{P}$/u.test(char)) return 'punct';
  if (isUpper(char)) return 'upper';
  if (isAlphabet(char)) return 'alphabet';
  return /^\p{N}$/u.test(char) ? 'number' : 'other';
}

/** xstrings' words: `HTTPStatus` is `HTTP` and `Status`. */
function words(value: string): { readonly kind: Word; readonly text: string }[] {
  const chars = [...value];
  const out: { kind: Word; text: string }[] = [];
  for (let i = 0; i < chars.length; ) {
    const kind = kindOfChar(chars[i]!);
    let end = i + 1;
    const run = (test: (char: string) => boolean) => {
      while (end < chars.length && test(chars[end]!)) end++;
    };
    if (kind === 'upper') {
      if (end < chars.length && isUpper(chars[end]!)) {
        run(isUpper);
        if (end < chars.length && isAlphabet(chars[end]!)) end--;
      } else run((char) => isAlphabet(char) && !isUpper(char));
    } else if (kind === 'alphabet') run((char) => isAlphabet(char) && !isUpper(char));
    else if (kind === 'other') run((char) => kindOfChar(char) === 'other');
    else run((char) => kindOfChar(char) === kind);
    out.push({ kind, text: chars.slice(i, end).join('') });
    i = end;
  }
  return out;
}

/** xstrings' ToSnakeCase and ToKebabCase. */
function connected(value: string, connector: string): string {
  const all = words(value);
  let at = 0;
  const take = () => all[at++] ?? { kind: 'none' as const, text: '' };
  const lower = (word: { kind: Word; text: string }) =>
    word.kind === 'connector' ? connector.repeat([...word.text].length) : [...word.text].map(down).join('');
  let word = take();
  let out = '';
  while (at < all.length) {
    if (word.kind !== 'connector') out += lower(word);
    const previous = word;
    word = take();
    if (previous.kind === 'connector') out += lower(previous);
    else if (previous.kind === 'number') {
      while (word.kind === 'alphabet' || word.kind === 'number') {
        out += lower(word);
        word = take();
      }
      if (word.kind !== 'none' && word.kind !== 'punct' && word.kind !== 'connector') out += connector;
    } else if (previous.kind !== 'punct') {
      if (word.kind !== 'number') {
        if (word.kind !== 'connector' && word.kind !== 'punct') out += connector;
      } else if (at < all.length) {
        const digits = word;
        word = take();
        if (word.kind !== 'alphabet') {
          out += lower(digits);
          if (word.kind !== 'connector' && word.kind !== 'punct') out += connector;
        } else {
          out += connector + lower(digits);
          while (word.kind === 'alphabet' || word.kind === 'number') {
            out += lower(word);
            word = take();
          }
          if (word.kind !== 'none' && word.kind !== 'connector' && word.kind !== 'punct') out += connector;
        }
      }
    }
  }
  return out + lower(word);
}

export const wordFunctions: readonly GoFunction[] = [
  fn('untitle', 'string', ([s]) => string(untitle(text(s)))),
  fn('swapcase', 'string', ([s]) => string(swapCase(text(s)))),
  fn('initials', 'string', ([s]) => string(initials(bytewise(text(s))))),
  fn('nospace', 'string', ([s]) => string([...bytewise(text(s))].filter((char) => !isSpace(char)).join(''))),
  fn('snakecase', 'string', ([s]) => string(connected(text(s), '_'))),
  fn('kebabcase', 'string', ([s]) => string(connected(text(s), '-'))),
  fn('camelcase', 'string', ([s]) => string(pascalCase(text(s)))),
  fn('wrap', 'int string', ([width, s]) => string(fromBytes(wrapSoft(bytewise(text(s)), num(width))))),
  fn('wrapWith', 'int string string', ([width, separator, s]) =>
    string(fromBytes(wrap(bytewise(text(s)), num(width), bytewise(text(separator))))),
  ),
  fn('abbrev', 'int string', ([width, s]) => string(num(width) < 4 ? text(s) : abbreviate(text(s), 0, num(width)))),
  fn('abbrevboth', 'int int string', ([left, right, s]) => {
    if (num(right) < 4 || (num(left) > 0 && num(right) < 7)) return string(text(s));
    return string(abbreviate(text(s), num(left), num(right)));
  }),
  fn('shuffle', 'string', ([s], context) => {
    const chars = [...text(s)];
    const dice = context.random(4 * chars.length);
    if (dice.length < 4 * chars.length) throw new GoError('not enough randomness');
    const view = new DataView(dice.buffer, dice.byteOffset);
    for (let i = chars.length - 1; i > 0; i--) {
      const j = view.getUint32(4 * i) % (i + 1);
      [chars[i], chars[j]] = [chars[j]!, chars[i]!];
    }
    return string(chars.join(''));
  }),
];
