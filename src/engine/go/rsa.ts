/** RSA keys in plain bigints: made from a seed, written and read as PKCS#1, and PKCS#1 v1.5 signatures with SHA-256. */
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { derInteger, derSequence, integersOf, octets, oid, tlv } from './der.ts';

export interface RsaKey {
  readonly n: bigint;
  readonly e: bigint;
  readonly d: bigint;
  readonly p: bigint;
  readonly q: bigint;
}

export function toBigInt(bytes: Uint8Array): bigint {
  let hex = '0x0';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return BigInt(hex);
}

export function toBytes(value: bigint, length: number): Uint8Array {
  const hex = value.toString(16).padStart(2 * length, '0');
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const factor = base % modulus;
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * factor) % modulus;
  }
  return result;
}

export function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [((value % modulus) + modulus) % modulus, modulus, 1n, 0n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a % b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

/** Bytes without end from a seed. */
export function stream(seed: Uint8Array): (count: number) => Uint8Array {
  let counter = 0;
  return (count) => {
    const out = new Uint8Array(count);
    for (let at = 0; at < count; at += 64) {
      const block = sha512(
        Uint8Array.of(...seed, counter >>> 24, (counter >>> 16) & 255, (counter >>> 8) & 255, counter & 255),
      );
      counter++;
      out.set(block.subarray(0, Math.min(64, count - at)), at);
    }
    return out;
  };
}

export const smallPrimes: readonly number[] = (() => {
  const found: number[] = [];
  for (let n = 3; n < 4000; n += 2) if (found.every((p) => p * p > n || n % p !== 0)) found.push(n);
  return found;
})();

export function isPrime(n: bigint, bytes: (count: number) => Uint8Array): boolean {
  let odd = n - 1n;
  let twos = 0;
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    twos++;
  }
  for (let round = 0; round < 8; round++) {
    const witness = round === 0 ? 2n : 2n + (toBigInt(bytes(64)) % (n - 4n));
    let x = power(witness, odd, n);
    if (x === 1n || x === n - 1n) continue;
    let i = 1;
    for (; i < twos && x !== n - 1n; i++) x = (x * x) % n;
    if (x !== n - 1n) return false;
  }
  return true;
}

function prime(bits: number, bytes: (count: number) => Uint8Array): bigint {
  for (;;) {
    const top = 3n << BigInt(bits - 2);
    const start = toBigInt(bytes(bits / 8)) | top | 1n;
    const residues = smallPrimes.map((p) => Number(start % BigInt(p)));
    for (let offset = 0; offset < 20_000; offset += 2) {
      if (smallPrimes.some((p, i) => (residues[i]! + offset) % p === 0)) continue;
      const candidate = start + BigInt(offset);
      if (candidate % 65537n !== 1n && isPrime(candidate, bytes)) return candidate;
    }
  }
}

const made = new Map<string, RsaKey>();

/** The key that a seed stands for. */
export function rsaKey(seed: Uint8Array, bits: number): RsaKey {
  return madeOnce(made, `${bits}:${seed.join(',')}`, () => searchRsa(stream(seed), bits));
}

/** What takes a search, kept: a render that is repeated with the same dice does not search again. */
export function madeOnce<T>(known: Map<string, T>, name: string, make: () => T): T {
  const found = known.get(name);
  if (found !== undefined) return found;
  const key = make();
  if (known.size > 200) known.clear();
  known.set(name, key);
  return key;
}

function searchRsa(bytes: (count: number) => Uint8Array, bits: number): RsaKey {
  const e = 65537n;
  for (;;) {
    const p = prime(bits / 2, bytes);
    const q = prime(bits / 2, bytes);
    if (p !== q) return { n: p * q, e, d: inverse(e, (p - 1n) * (q - 1n)), p, q };
  }
}

/** PKCS#1 RSAPrivateKey. */
export function encodeRsa({ n, e, d, p, q }: RsaKey): Uint8Array {
  const numbers = [0n, n, e, d, p, q, d % (p - 1n), d % (q - 1n), inverse(q, p)];
  return derSequence(...numbers.map(derInteger));
}

/** Reads PKCS#1; undefined when it is something else. */
export function decodeRsa(der: Uint8Array): RsaKey | undefined {
  const [, n, e, d, p, q] = integersOf(der);
  if (n === undefined || e === undefined || d === undefined || p === undefined || q === undefined) return undefined;
  return { n, e, d, p, q };
}

export function signSha256(key: RsaKey, data: Uint8Array): Uint8Array {
  const digest = derSequence(derSequence(oid('2.16.840.1.101.3.4.2.1'), tlv(5)), octets(sha256(data)));
  const length = Math.ceil(key.n.toString(16).length / 2);
  const padded = Uint8Array.of(0, 1, ...new Uint8Array(length - 3 - digest.length).fill(255), 0, ...digest);
  const message = toBigInt(padded);
  const inP = power(message, key.d % (key.p - 1n), key.p);
  const inQ = power(message, key.d % (key.q - 1n), key.q);
  const h = ((((inP - inQ) * inverse(key.q, key.p)) % key.p) + key.p) % key.p;
  return toBytes(inQ + h * key.q, length);
}
