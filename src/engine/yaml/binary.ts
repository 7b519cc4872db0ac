/** `!!binary` scalars: base64 as Go decodes it (line breaks ignored, padding required), bytes as Go's JSON prints them. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Map([...alphabet].map((letter, index) => [letter, index]));

/** The decoded bytes as text, each byte that is no UTF-8 as U+FFFD; undefined when `text` is not base64. */
export function decodeBinary(text: string): string | undefined {
  const packed = text.replace(/[\r\n]/g, '');
  if (packed.length % 4 !== 0) return undefined;
  const body = packed.replace(/={1,2}$/, '');
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of body) {
    const value = values.get(letter);
    if (value === undefined) return undefined;
    bits = (bits << 6) | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push((bits >> held) & 0xff);
    bits &= (1 << held) - 1;
  }
  return fromUtf8(bytes);
}

/** UTF-8 as Go's `range` over a string reads it: one U+FFFD for each byte that starts no well-formed sequence. */
function fromUtf8(bytes: readonly number[]): string {
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i]!;
    const width =
      first < 0x80
        ? 1
        : first >= 0xc2 && first < 0xe0
          ? 2
          : first >= 0xe0 && first < 0xf0
            ? 3
            : first >= 0xf0 && first < 0xf5
              ? 4
              : 0;
    const tail = bytes.slice(i + 1, i + width);
    let code = width === 1 ? first : first & (0xff >> (width + 1));
    for (const byte of tail) code = (code << 6) | (byte & 0x3f);
    const good =
      width === 1 ||
      (width > 1 &&
        tail.length === width - 1 &&
        tail.every((byte) => (byte & 0xc0) === 0x80) &&
        isScalarValue(code, width));
    out += good ? String.fromCodePoint(code) : '\ufffd';
    i += good ? width : 1;
  }
  return out;
}

function isScalarValue(code: number, width: number): boolean {
  if (width === 3) return code >= 0x800 && (code < 0xd800 || code > 0xdfff);
  return width === 2 || (code >= 0x10000 && code <= 0x10ffff);
}
