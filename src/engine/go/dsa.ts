/** DSA keys, which sprig's genPrivateKey makes though no certificate takes one: made from a seed, written and read. */
import { derInteger, derSequence, integersOf } from './der.ts';
import { isPrime, madeOnce, power, smallPrimes, stream, toBigInt } from './rsa.ts';

export interface DsaKey {
  readonly p: bigint;
  readonly q: bigint;
  readonly g: bigint;
  readonly y: bigint;
  readonly x: bigint;
}

const [sizeOfP, sizeOfQ] = [2048, 256];

/** A prime of 2048 bits whose predecessor is a multiple of `q`. */
function primeAbove(q: bigint, bytes: (count: number) => Uint8Array): bigint {
  const top = 1n << BigInt(sizeOfP - 1);
  for (;;) {
    const start = toBigInt(bytes(sizeOfP / 8)) | top;
    const candidate = start - (start % (2n * q)) + 1n;
    if (candidate < top || smallPrimes.some((small) => candidate % BigInt(small) === 0n)) continue;
    if (isPrime(candidate, bytes)) return candidate;
  }
}

const made = new Map<string, DsaKey>();

/** The key that a seed stands for, of the sizes that sprig asks for. */
export function dsaKey(seed: Uint8Array): DsaKey {
  return madeOnce(made, seed.join(','), () => searchDsa(stream(seed)));
}

function searchDsa(bytes: (count: number) => Uint8Array): DsaKey {
  const top = 1n << BigInt(sizeOfQ - 1);
  let q = 0n;
  do q = toBigInt(bytes(sizeOfQ / 8)) | top | 1n;
  while (!isPrime(q, bytes));
  const p = primeAbove(q, bytes);
  let g = 1n;
  for (let base = 2n; g === 1n; base++) g = power(base, (p - 1n) / q, p);
  const x = (toBigInt(bytes(sizeOfQ / 8 + 8)) % (q - 1n)) + 1n;
  return { p, q, g, y: power(g, x, p), x };
}

/** As sprig writes it: no standard, but what OpenSSL writes, too. */
export function encodeDsa({ p, q, g, y, x }: DsaKey): Uint8Array {
  return derSequence(...[0n, p, q, g, y, x].map(derInteger));
}

/** Undefined when it is something else. */
export function decodeDsa(der: Uint8Array): DsaKey | undefined {
  const [, p, q, g, y, x] = integersOf(der);
  if (p === undefined || q === undefined || g === undefined || y === undefined || x === undefined) return undefined;
  return { p, q, g, y, x };
}
