/** What encoding/json says of a text that is no JSON: Helm's fromJson hands it to the template. */
import { quote } from '../go/strconv.ts';
import { encode } from '../go/utf8.ts';

class Wrong extends Error {}

/** Go's sentence for the first character that does not fit. */
export function jsonError(text: string): string {
  try {
    const scanner = new Scanner(text);
    scanner.value();
    scanner.space();
    return scanner.rest() === '' ? 'invalid JSON' : scanner.wrongText('after top-level value');
  } catch (e) {
    if (e instanceof Wrong) return e.message;
    throw e;
  }
}

class Scanner {
  private at = 0;
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  rest(): string {
    return this.text.slice(this.at);
  }

  space(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at++;
  }

  wrongText(context: string): string {
    const char = this.text[this.at];
    return `invalid character ${char === undefined ? "' '" : shown(this.text.slice(this.at))} ${context}`;
  }

  value(): void {
    this.space();
    const char = this.text[this.at];
    if (char === '{') this.group('}', 'after object key:value pair', () => this.pair());
    else if (char === '[') this.group(']', 'after array element', () => this.value());
    else if (char === '"') this.string();
    else if (char !== undefined && /[-0-9]/.test(char)) this.number();
    else if (char === 't') this.literal('true');
    else if (char === 'f') this.literal('false');
    else if (char === 'n') this.literal('null');
    else this.fail('looking for beginning of value');
  }

  private fail(context: string): never {
    throw new Wrong(this.at >= this.text.length ? 'unexpected end of JSON input' : this.wrongText(context));
  }

  private group(close: string, between: string, element: () => void): void {
    this.at++;
    this.space();
    if (this.text[this.at] === close) {
      this.at++;
      return;
    }
    for (;;) {
      element();
      this.space();
      const char = this.text[this.at];
      if (char !== ',' && char !== close) this.fail(between);
      this.at++;
      if (char === close) return;
    }
  }

  private pair(): void {
    this.space();
    if (this.text[this.at] !== '"') this.fail('looking for beginning of object key string');
    this.string();
    this.space();
    if (this.text[this.at] !== ':') this.fail('after object key');
    this.at++;
    this.value();
  }

  private string(): void {
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      const char = this.text[this.at];
      if (char === undefined || char < ' ') this.fail('in string literal');
      if (char !== '\\') continue;
      this.at++;
      const kind = this.text[this.at] ?? '';
      if (kind === '' || !'bfnrt\\/"u'.includes(kind)) this.fail('in string escape code');
      for (let digits = 0; kind === 'u' && digits < 4; digits++) {
        this.at++;
        if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape');
      }
    }
    this.at++;
  }

  private number(): void {
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else this.digits('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.text[this.at] ?? '')) {
      this.at++;
      if (/[+-]/.test(this.text[this.at] ?? '')) this.at++;
      this.digits('in exponent of numeric literal');
    }
  }

  /** At the end of the text Go meets a blank here. */
  private digits(context: string): void {
    if (!/[0-9]/.test(this.text[this.at] ?? '')) throw new Wrong(this.wrongText(context));
    while (/[0-9]/.test(this.text[this.at] ?? '')) this.at++;
  }

  private literal(word: string): void {
    for (const char of word) {
      if (this.text[this.at] !== char) throw new Wrong(this.wrongText(`in literal ${word} (expecting '${char}')`));
      this.at++;
    }
  }
}

/** The first byte as Go quotes it: the decoder walks over bytes. */
function shown(text: string): string {
  const char = String.fromCharCode(encode([...text][0]!)[0]!);
  return char === '"' ? `'"'` : quote(char, { mark: "'" });
}
