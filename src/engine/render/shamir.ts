/**
 * Shamir's secret sharing over GF(2^8), as SOPS shares a data key among key groups: the last byte of a share is the place
 * where every other byte's polynomial was evaluated, and the secret is its value at 0.
 */

/** The secret; undefined when the shares do not belong together. */
export function combineShares(shares: readonly Uint8Array[]): Uint8Array | undefined {
  const length = (shares[0]?.length ?? 0) - 1;
  const places = shares.map((share) => share[length] ?? 0);
  if (shares.length < 2 || length < 1 || shares.some((share) => share.length !== length + 1)) return undefined;
  if (new Set(places).size !== places.length || places.includes(0)) return undefined;
  const weights = places.map((place, i) =>
    places.reduce((weight, other, j) => (i === j ? weight : times(weight, over(other, place ^ other))), 1),
  );
  return Uint8Array.from({ length }, (_, at) =>
    shares.reduce((sum, share, i) => sum ^ times(share[at]!, weights[i]!), 0),
  );
}

/** The product modulo x^8 + x^4 + x^3 + x + 1. */
function times(a: number, b: number): number {
  let product = 0;
  for (let left = a, right = b; right > 0; right >>= 1) {
    if (right & 1) product ^= left;
    left = left & 0x80 ? ((left << 1) ^ 0x11b) & 0xff : left << 1;
  }
  return product;
}

/** Division: by the power 254, which is the inverse. */
function over(a: number, b: number): number {
  let inverse = 1;
  for (let i = 0; i < 254; i++) inverse = times(inverse, b);
  return times(a, inverse);
}
