/**
 * bcrypt (`$2a$`), for sprig's `bcrypt` and `htpasswd`. Blowfish starts from the digits of pi; they are worked out here
 * rather than copied.
 */

const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const words = 18 + 4 * 256;
let tables: Int32Array | undefined;

/** The first 1042 words of the fraction of pi, by Machin's formula. */
function piWords(): Int32Array {
  if (tables !== undefined) return tables;
  const bits = BigInt(words * 32 + 64);
  const one = 1n << bits;
  const arctan = (x: bigint): bigint => {
    let term = one / x;
    let sum = term;
    for (let n = 3n, sign = -1n; term > 0n; n += 2n, sign = -sign) {
      term /= x * x;
      sum += (sign * term) / n;
    }
    return sum;
  };
  const fraction = (16n * arctan(5n) - 4n * arctan(239n) - 3n * one) >> 64n;
  const hex = fraction.toString(16).padStart(words * 8, '0');
  tables = Int32Array.from({ length: words }, (_, i) => Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16));
  return tables;
}

interface Cipher {
  readonly p: Int32Array;
  readonly s: Int32Array;
}

function newCipher(): Cipher {
  const pi = piWords();
  return { p: pi.slice(0, 18), s: pi.slice(18) };
}

/** Encrypts two words in place at `at`. */
function encipher({ p, s }: Cipher, block: Int32Array, at: number): void {
  let left = block[at]!;
  let right = block[at + 1]!;
  for (let i = 0; i < 16; i += 2) {
    left ^= p[i]!;
    right ^=
      (((s[left >>> 24]! + s[256 + ((left >>> 16) & 255)]!) ^ s[512 + ((left >>> 8) & 255)]!) +
        s[768 + (left & 255)]!) |
      0;
    right ^= p[i + 1]!;
    left ^=
      (((s[right >>> 24]! + s[256 + ((right >>> 16) & 255)]!) ^ s[512 + ((right >>> 8) & 255)]!) +
        s[768 + (right & 255)]!) |
      0;
  }
  block[at] = right ^ p[17]!;
  block[at + 1] = left ^ p[16]!;
}

/** Words of a key that is repeated without end. */
function keyWords(key: Uint8Array, count: number): Int32Array {
  let at = 0;
  return Int32Array.from({ length: count }, () => {
    let word = 0;
    for (let i = 0; i < 4; i++) word = (word << 8) | key[at++ % key.length]!;
    return word;
  });
}

function expand(cipher: Cipher, key: Int32Array, salt: Int32Array | undefined): void {
  const { p, s } = cipher;
  for (let i = 0; i < 18; i++) p[i]! ^= key[i]!;
  const block = new Int32Array(2);
  let at = 0;
  for (const target of [p, s]) {
    for (let i = 0; i < target.length; i += 2) {
      if (salt !== undefined) {
        block[0]! ^= salt[at % 4]!;
        block[1]! ^= salt[(at + 1) % 4]!;
        at += 2;
      }
      encipher(cipher, block, 0);
      target[i] = block[0]!;
      target[i + 1] = block[1]!;
    }
  }
}

function base64(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = Math.min(4, Math.ceil(((bytes.length - i) * 8) / 6));
    for (let d = 0; d < digits; d++) out += alphabet[(group >> (18 - 6 * d)) & 63];
  }
  return out;
}

/** The hash of a password of at most 72 bytes with 16 bytes of salt. */
export function bcrypt(password: Uint8Array, salt: Uint8Array, cost: number): string {
  const cipher = newCipher();
  const key = keyWords(Uint8Array.of(...password, 0), 18);
  const saltKey = keyWords(salt, 18);
  expand(cipher, key, keyWords(salt, 4));
  for (let i = 0; i < 2 ** cost; i++) {
    expand(cipher, key, undefined);
    expand(cipher, saltKey, undefined);
  }
  const text = keyWords(new TextEncoder().encode('OrpheanBeholderScryDoubt'), 6);
  for (let i = 0; i < 64; i++) for (let at = 0; at < 6; at += 2) encipher(cipher, text, at);
  const hash = new Uint8Array(24);
  text.forEach((word, i) => {
    new DataView(hash.buffer).setInt32(4 * i, word);
  });
  return `$2a$${String(cost).padStart(2, '0')}$${base64(salt)}${base64(hash.subarray(0, 23))}`;
}
