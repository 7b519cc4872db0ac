/** The public point of a P-256 key, for `genPrivateKey "ecdsa"`: textbook arithmetic, for a key made on the spot. */
import { inverse, toBytes } from './rsa.ts';

const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const generator = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

function add(a: Point | undefined, b: Point): Point {
  if (a === undefined) return b;
  const slope = a.x === b.x ? (3n * a.x * a.x - 3n) * inverse(2n * a.y, p) : (b.y - a.y) * inverse(b.x - a.x, p);
  const x = mod(slope * slope - a.x - b.x);
  return { x, y: mod(slope * (a.x - x) - a.y) };
}

function mod(value: bigint): bigint {
  return ((value % p) + p) % p;
}

/** The uncompressed point of a secret between 1 and the order of the curve. */
export function p256PublicKey(secret: bigint): Uint8Array {
  let result: Point | undefined;
  let double: Point = generator;
  for (let bits = secret; bits > 0n; bits >>= 1n) {
    if ((bits & 1n) === 1n) result = add(result, double);
    double = add(double, double);
  }
  return Uint8Array.of(4, ...toBytes(result!.x, 32), ...toBytes(result!.y, 32));
}
