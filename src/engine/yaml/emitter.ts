/**
 * The layout of go-yaml: where a line breaks, what is quoted and how it is escaped.
 *
 * An emitter takes keys, scalars and the borders of collections in document order and appends text, keeping the few
 * facts that the layout depends on: the column, the indentation, and whether only indentation stands on the line so
 * far. The same rules serve yaml.v2 (kustomize's and Helm's output, folded at 80 columns) and yaml.v3 (toYamlPretty).
 */
import { type Analysis, analyze, isBreak, isPrintable } from './analyze.ts';
import { isPlainString } from './resolve.ts';

/** What tells the two libraries' output apart. */
export interface Library {
  /** Text beyond this column is folded at the next space. */
  readonly width: number;
  /** By how many columns a collection is indented inside another. */
  readonly indent: number;
  /** Whether a sequence inside a mapping is indented under its key. */
  readonly indentSequences: boolean;
  /** Whether a string with a tab may still be a literal block. */
  readonly tabsInBlocks: boolean;
  readonly quotes: (text: string) => boolean;
}

/** yaml.v2 as sigs.k8s.io/yaml uses it. */
export const goYaml2: Library = {
  width: 80,
  indent: 2,
  indentSequences: false,
  tabsInBlocks: false,
  quotes: (text) => !isPlainString(text, 'sigs') || isBase60(text),
};

/** yaml.v3 with its defaults and an indentation of two. */
export const goYaml3: Library = {
  width: Number.POSITIVE_INFINITY,
  indent: 2,
  indentSequences: true,
  tabsInBlocks: true,
  // The words of YAML 1.1 are strings for yaml.v3, and quoted for the sake of other readers.
  quotes: (text) => !isPlainString(text, 'kyaml') || !isPlainString(text, 'sigs') || isBase60(text),
};

type Style = 'plain' | 'single' | 'double' | 'literal';

export class Emitter {
  text = '';
  readonly #library: Library;
  #column = 0;
  #indent = -1;
  /** The last character written was white space (or nothing was written yet). */
  #whitespace = true;
  readonly #expecting: { start: number }[] = [];
  /** Only indentation and `- ` stand on this line. */
  #indention = true;

  constructor(library: Library) {
    this.#library = library;
  }

  /** Ends the document: what was written is on a line of its own. */
  end(): void {
    this.#indent = -1;
    this.#newLine();
  }

  /** Opens a mapping with at least one entry; give what it answers to `close`. */
  openMapping(): number {
    const outer = this.#indent;
    this.#indent = outer < 0 ? 0 : this.#deeper(outer);
    return outer;
  }

  /** Opens a sequence with at least one item; give what it answers to `close`. */
  openSequence(inMapping: boolean): number {
    const outer = this.#indent;
    const flush = inMapping && !this.#indention && !this.#library.indentSequences;
    if (outer < 0) this.#indent = 0;
    else if (!flush) this.#indent = this.#deeper(outer);
    return outer;
  }

  /** The next indentation: past the dash inside a sequence, else the next multiple. */
  #deeper(outer: number): number {
    const { indent } = this.#library;
    return this.#indention ? outer + 2 : indent * Math.floor((outer + indent) / indent);
  }

  close(outer: number): void {
    this.#indent = outer;
  }

  /** The key of a mapping's next entry. What is not short or not on one line is complex: `? key`. */
  key(text: string): 'simple' | 'complex' {
    this.#newLine();
    const analysis = isWord(text) ? undefined : analyze(text);
    if (isSimpleKey(text, analysis)) {
      this.#string(text, analysis, 'key');
      return 'simple';
    }
    this.#indicator('?', true);
    this.#indention = true;
    this.#string(text, analysis, 'value');
    return 'complex';
  }

  /** The colon between a key and its value. */
  colon(key: 'simple' | 'complex'): void {
    if (key === 'simple') {
      this.#put(':');
      this.#whitespace = false;
      this.#indention = false;
      return;
    }
    this.#newLine();
    this.#put(':');
    this.#whitespace = false;
  }

  dash(): void {
    this.#newLine();
    const indention = this.#indention;
    this.#indicator('-', true);
    this.#indention = indention;
  }

  /** Tells `start` where the next token will stand. The text itself is never read back: that would copy it each time. */
  expect(start: { start: number }): void {
    this.#expecting.push(start);
  }

  /** A token that needs no quoting: a number, a boolean, null, an empty collection. */
  token(text: string): void {
    this.#indicator(text, true);
  }

  string(text: string): void {
    this.#string(text, isWord(text) ? undefined : analyze(text), 'value');
  }

  #string(text: string, analysis: Analysis | undefined, place: 'key' | 'value'): void {
    const style = this.#style(text, analysis, place);
    const outer = this.#indent;
    this.#indent = outer < 0 ? this.#library.indent : this.#deeper(outer);
    const width = place === 'key' ? Number.POSITIVE_INFINITY : this.#library.width;
    if (style === 'plain') this.#plain(text, width);
    else if (style === 'single') this.#single(text, width);
    else if (style === 'double') this.#double(text, width);
    else this.#literal(text);
    this.#indent = outer;
  }

  #style(text: string, analysis: Analysis | undefined, place: 'key' | 'value'): Style {
    if (text.includes('\n')) {
      const block =
        place === 'value' && analysis !== undefined && analysis.block && (this.#library.tabsInBlocks || !analysis.tabs);
      return block ? 'literal' : 'double';
    }
    if (this.#library.quotes(text)) return 'double';
    if (analysis === undefined || analysis.plain) return 'plain';
    return analysis.single ? 'single' : 'double';
  }

  #put(text: string): void {
    this.text += text;
    this.#column += text.length;
  }

  #break(): void {
    this.text += '\n';
    this.#column = 0;
  }

  /** Moves to the current indentation, on a new line unless this one is still empty up to there. */
  #newLine(): void {
    const indent = Math.max(this.#indent, 0);
    if (!this.#indention || this.#column > indent || (this.#column === indent && !this.#whitespace)) this.#break();
    if (this.#column < indent) this.#put(spaces(indent - this.#column));
    this.#whitespace = true;
    this.#indention = true;
  }

  /** A token begins: those who wait for it learn where. */
  #begin(): void {
    const at = this.text.length + (this.#whitespace ? 0 : 1);
    for (const waiting of this.#expecting) waiting.start = at;
    this.#expecting.length = 0;
  }

  #indicator(text: string, separate: boolean): void {
    if (this.#expecting.length > 0) this.#begin();
    this.#put(separate && !this.#whitespace ? ` ${text}` : text);
    this.#whitespace = false;
    this.#indention = false;
  }

  #plain(text: string, width: number): void {
    if (this.#expecting.length > 0) this.#begin();
    if (!this.#whitespace) this.#put(' ');
    if (this.#column + text.length <= width && isFlat(text)) this.#put(text);
    else this.#folded(text, width, 'plain');
    this.#whitespace = false;
    this.#indention = false;
  }

  #single(text: string, width: number): void {
    this.#indicator("'", true);
    this.#folded(text, width, 'single');
    this.#put("'");
    this.#whitespace = false;
    this.#indention = false;
  }

  /** Plain and single-quoted text: broken at a lone space beyond the width; breaks inside it are kept and doubled. */
  #folded(text: string, width: number, style: 'plain' | 'single'): void {
    let spaced = false;
    let broken = false;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 0x20) {
        const inside = style === 'plain' || (i > 0 && i < text.length - 1);
        if (!spaced && this.#column > width && inside && text.charCodeAt(i + 1) !== 0x20) this.#newLine();
        else this.#put(' ');
        spaced = true;
      } else if (isBreak(code)) {
        if (!broken && code === 0x0a) this.#break();
        this.text += text[i];
        this.#column = 0;
        this.#indention = true;
        broken = true;
      } else {
        if (broken) this.#newLine();
        if (style === 'single' && code === 0x27) this.#put("'");
        this.#put(text[i]!);
        // A pair of surrogates is one column.
        if (code >= 0xdc00 && code <= 0xdfff) this.#column--;
        this.#indention = false;
        spaced = false;
        broken = false;
      }
    }
  }

  #double(text: string, width: number): void {
    this.#indicator('"', true);
    // A quirk of go-yaml: it looks for the byte-order mark at the start for every character.
    const everything = text.charCodeAt(0) === 0xfeff;
    let spaced = false;
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i)!;
      if (code > 0xffff) i++;
      if (everything || !isPrintable(code) || isBreak(code) || code === 0x22 || code === 0x5c) {
        this.#put(escaped(code));
        spaced = false;
      } else if (code === 0x20) {
        if (!spaced && this.#column > width && i > 0 && i < text.length - 1) {
          this.#newLine();
          if (text.charCodeAt(i + 1) === 0x20) this.#put('\\');
        } else this.#put(' ');
        spaced = true;
      } else {
        this.#put(text[i]!);
        spaced = false;
      }
    }
    this.#put('"');
    this.#whitespace = false;
    this.#indention = false;
  }

  #literal(text: string): void {
    this.#indicator('|', true);
    this.#put(blockHints(text));
    this.#break();
    this.#indention = true;
    this.#whitespace = true;
    const indent = spaces(this.#indent);
    if (!rareBreak.test(text)) {
      const last = text.length - text.lastIndexOf('\n') - 1;
      this.text += (text.startsWith('\n') ? '' : indent) + text.replace(/\n(?=[^\n])/g, `\n${indent}`);
      this.#column = last === 0 ? 0 : indent.length + last;
      this.#indention = last === 0;
      return;
    }
    // Lines end at a line feed; the rarer breaks inside a literal are content and start an indented line as well.
    for (let from = 0; from < text.length; ) {
      let end = from;
      while (end < text.length && !isBreak(text.charCodeAt(end))) end++;
      if (end > from) {
        this.text += indent + text.slice(from, end);
        this.#column = indent.length + (end - from);
        this.#indention = false;
      }
      if (end === text.length) break;
      this.text += text[end];
      this.#column = 0;
      this.#indention = true;
      from = end + 1;
    }
  }
}

/** A break besides the line feed. */
const rareBreak = /[\r\x85\u2028\u2029]/;

/** Plain text with nothing to quote, fold or resolve: letters only, and none of the known words. */
function isWord(text: string): boolean {
  if (!(wordParts[text.charCodeAt(0)]! & letter)) return false;
  for (let i = 1; i < text.length; i++) if (!wordParts[text.charCodeAt(i)]) return false;
  return true;
}

const letter = 2;

/** The ASCII characters of words; a word starts with a letter. */
const wordParts: Uint8Array = (() => {
  const table = new Uint8Array(128);
  for (const part of './_-0123456789') table[part.charCodeAt(0)] = 1;
  for (let code = 0x41; code <= 0x5a; code++) table[code] = table[code + 0x20] = letter;
  return table;
})();

function isFlat(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7e && (isBreak(code) || code >= 0xd800)) return false;
    if (code < 0x20) return false;
  }
  return true;
}

/** A key on one line of at most 128 bytes of UTF-8; anything else needs `? key`. */
function isSimpleKey(text: string, analysis: Analysis | undefined): boolean {
  if (analysis?.multiline === true) return false;
  if (text.length <= 42) return true;
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes <= 128;
}

/** The indentation hint when the text starts with white space, and the chomping hint from how it ends. */
function blockHints(text: string): string {
  const first = text.charCodeAt(0);
  const indent = first === 0x20 || isBreak(first) ? '2' : '';
  if (!isBreak(text.charCodeAt(text.length - 1))) return `${indent}-`;
  if (text.length === 1 || isBreak(text.charCodeAt(text.length - 2))) return `${indent}+`;
  return indent;
}

function escaped(code: number): string {
  const named = escapes.get(code);
  if (named !== undefined) return `\\${named}`;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

const escapes: ReadonlyMap<number, string> = new Map([
  [0x00, '0'],
  [0x07, 'a'],
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0b, 'v'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x1b, 'e'],
  [0x22, '"'],
  [0x5c, '\\'],
  [0x85, 'N'],
  [0xa0, '_'],
  [0x2028, 'L'],
  [0x2029, 'P'],
]);

/** Numbers in base 60 are strings for Go, but quoted for the sake of other readers. */
function isBase60(text: string): boolean {
  return (
    text.charCodeAt(0) < 0x3a && text.includes(':') && /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text)
  );
}

const blanks = ' '.repeat(256);
function spaces(count: number): string {
  return count <= blanks.length ? blanks.slice(0, count) : ' '.repeat(count);
}
