/** Base64 and base32 by Go's strict rules: standard alphabets, padding required, line ends ignored. */

const alphabet64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const alphabet32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function encodeBase64(bytes: Uint8Array): string {
  return encodeBits(bytes, alphabet64, 6, 4);
}

export function encodeBase32(bytes: Uint8Array): string {
  return encodeBits(bytes, alphabet32, 5, 8);
}

/** The bytes, or the offset of the first byte that is wrong: what Go's CorruptInputError names. */
export function decodeBase64(text: string): Uint8Array | number {
  return decodeBits(text, alphabet64, 6, 4);
}

export function decodeBase32(text: string): Uint8Array | number {
  return decodeBits(text, alphabet32, 5, 8);
}

function encodeBits(bytes: Uint8Array, alphabet: string, width: number, group: number): string {
  let out = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= width) {
      bits -= width;
      out += alphabet[(held >> bits) & ((1 << width) - 1)];
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) out += alphabet[(held << (width - bits)) & ((1 << width) - 1)];
  return out + '='.repeat((group - (out.length % group)) % group);
}

function decodeBits(text: string, alphabet: string, width: number, group: number): Uint8Array | number {
  const out: number[] = [];
  let bits = 0;
  let held = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '\n' || char === '\r') continue;
    if (char === '=') return paddedEnd(text, i, count % group, group, out);
    const digit = alphabet.indexOf(char);
    if (digit < 0) return i;
    held = ((held << width) | digit) & 0xfff;
    bits += width;
    count++;
    if (bits >= 8) {
      bits -= 8;
      out.push((held >> bits) & 0xff);
    }
  }
  return count % group === 0 ? Uint8Array.from(out) : text.length - (count % group);
}

/** Checks the padding that starts at `at`: as much as the last group lacks, and nothing after it. */
function paddedEnd(text: string, at: number, used: number, group: number, out: readonly number[]): Uint8Array | number {
  const valid = group === 4 ? [2, 3] : [2, 4, 5, 7];
  if (!valid.includes(used)) return at;
  let missing = group - used;
  let i = at;
  for (; i < text.length && missing > 0; i++) {
    if (text[i] === '\n' || text[i] === '\r') continue;
    if (text[i] !== '=') return i;
    missing--;
  }
  if (missing > 0) return text.length;
  for (; i < text.length; i++) if (text[i] !== '\n' && text[i] !== '\r') return i;
  return Uint8Array.from(out);
}
