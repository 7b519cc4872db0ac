/** The elliptic curves that Go's crypto/x509 knows, each made when a key first asks for it: ECDSA by @noble/curves. */
import { ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';

interface Parameters {
  readonly oid: string;
  readonly p: bigint;
  readonly n: bigint;
  readonly b: bigint;
  readonly Gx: bigint;
  readonly Gy: bigint;
  /** Go signs with the hash of the curve's own size, and with SHA-256 on the two smallest. */
  readonly hash: typeof sha256 | typeof sha512;
  readonly signature: string;
}

export const p256 = '1.2.840.10045.3.1.7';

const withSha256 = '1.2.840.10045.4.3.2';
const withSha384 = '1.2.840.10045.4.3.3';
const withSha512 = '1.2.840.10045.4.3.4';

/** FIPS 186-4 D.1.2; in each of them a is p − 3. */
const parameters: readonly Parameters[] = [
  {
    oid: '1.3.132.0.33',
    p: 2n ** 224n - 2n ** 96n + 1n,
    n: 0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3dn,
    b: 0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
    Gx: 0xb70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21n,
    Gy: 0xbd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34n,
    hash: sha256,
    signature: withSha256,
  },
  {
    oid: p256,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    Gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    Gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
    hash: sha256,
    signature: withSha256,
  },
  {
    oid: '1.3.132.0.34',
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    Gx: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    Gy: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
    hash: sha384,
    signature: withSha384,
  },
  {
    oid: '1.3.132.0.35',
    p: 2n ** 521n - 1n,
    n: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    Gx: 0x00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
    Gy: 0x011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
    hash: sha512,
    signature: withSha512,
  },
];

export interface Curve {
  readonly oid: string;
  /** The order of the curve's group: a secret lies between zero and it. */
  readonly order: bigint;
  /** How many bytes a secret has. */
  readonly size: number;
  /** The object identifier of the signatures that Go makes with keys of this curve. */
  readonly signature: string;
  /** The uncompressed point that belongs to a secret. */
  publicKey(secret: Uint8Array): Uint8Array;
  /** In DER; the same secret and data give the same signature (RFC 6979). */
  sign(secret: Uint8Array, data: Uint8Array): Uint8Array;
}

const made = new Map<string, Curve>();

function makeCurve({ oid, p, n, b, Gx, Gy, hash, signature }: Parameters): Curve {
  const curve = ecdsa(weierstrass({ p, n, h: 1n, a: p - 3n, b, Gx, Gy }), hash, { lowS: false });
  return {
    oid,
    order: n,
    size: Math.ceil(n.toString(2).length / 8),
    signature,
    publicKey: (secret) => curve.getPublicKey(secret, false),
    sign: (secret, data) => curve.sign(data, secret, { format: 'der' }),
  };
}

/** Undefined for a curve that Go does not know. */
export function curveOf(oid: string): Curve | undefined {
  const known = made.get(oid);
  if (known !== undefined) return known;
  const found = parameters.find((each) => each.oid === oid);
  if (found === undefined) return undefined;
  const curve = makeCurve(found);
  made.set(oid, curve);
  return curve;
}
