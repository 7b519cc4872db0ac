/**
 * Go strings are bytes, JavaScript's are UTF-16. Bytes that are no UTF-8 are kept as lone surrogates U+DC80…U+DCFF, one
 * per byte, so that a string that passed through here encodes to the bytes it was decoded from.
 */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const nonAscii = /[^\0-\x7f]/;
const escaped = /[\udc80-\udcff]/u;

export function isAscii(text: string): boolean {
  return !nonAscii.test(text);
}

/** The bytes of a Go string. */
export function encode(text: string): Uint8Array {
  if (!escaped.test(text)) return encoder.encode(text);
  const out: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) out.push(code - 0xdc00);
    else out.push(...encoder.encode(char));
  }
  return Uint8Array.from(out);
}

/** Bytes as a Go string, whatever they are. */
export function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return decodeBroken(bytes);
  }
}

function decodeBroken(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length === 0) out += String.fromCharCode(0xdc00 + bytes[i]!);
    else out += decoder.decode(bytes.subarray(i, i + length));
    i += Math.max(length, 1);
  }
  return out;
}

/** The length of the valid UTF-8 sequence at `i`; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const first = bytes[i]!;
  const length =
    first < 0x80
      ? 1
      : first >= 0xc2 && first < 0xe0
        ? 2
        : first >= 0xe0 && first < 0xf0
          ? 3
          : first >= 0xf0 && first < 0xf5
            ? 4
            : 0;
  if (length === 0 || i + length > bytes.length) return 0;
  try {
    decoder.decode(bytes.subarray(i, i + length));
    return length;
  } catch {
    return 0;
  }
}

/** `len(s)` in Go. */
export function byteLength(text: string): number {
  if (isAscii(text)) return text.length;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) count += 1;
    else if (
      code < 0x800 ||
      (code >= 0xd800 && code < 0xdc00 && i + 1 < text.length && isLow(text.charCodeAt(i + 1)))
    ) {
      if (code < 0x800) count += 2;
      else {
        count += 4;
        i++;
      }
    } else count += code >= 0xdc80 && code <= 0xdcff ? 1 : 3;
  }
  return count;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}

/** `s[start:end]` in Go, in bytes; the offsets must be in range. */
export function sliceBytes(text: string, start: number, end: number): string {
  return isAscii(text) ? text.slice(start, end) : decode(encode(text).subarray(start, end));
}
