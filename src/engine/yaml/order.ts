/**
 * The order in which go-yaml writes a mapping's keys: letters after everything else, runs of digits by their number
 * (`a2` before `a10`), the rest by code point. JSONToYAML sorts this way, so kustomize's output does.
 */

/** Negative when `a` is written before `b`; `digitsBreakTies` is yaml.v3's variant, used by toYamlPretty. */
export type KeyOrder = (a: string, b: string) => number;

export const keyOrder: KeyOrder = (a, b) => compare(a, b, 'v2');
export const keyOrderPretty: KeyOrder = (a, b) => compare(a, b, 'v3');

/** By code point, as Go sorts strings. */
export const byCodePoint: KeyOrder = (a, b) => {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
};

function compare(a: string, b: string, library: 'v2' | 'v3'): number {
  const shorter = Math.min(a.length, b.length);
  let digits = false;
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x > 127 || y > 127) return compareRunes([...a], [...b], library);
    if (x === y) {
      digits = isDigit(x);
      continue;
    }
    const letterX = isAsciiLetter(x);
    const letterY = isAsciiLetter(y);
    if (letterX && letterY) return x - y;
    if (letterX || letterY) return (library === 'v3' && digits ? letterX : letterY) ? -1 : 1;
    return compareNumbers(a, b, i) ?? x - y;
  }
  return a.length - b.length;
}

/** The first differing place holds no letter: compares the numbers that begin (or go on) there. */
function compareNumbers(
  a: ArrayLike<string> & (string | readonly string[]),
  b: typeof a,
  i: number,
): number | undefined {
  let x = 0n;
  let y = 0n;
  if (a[i] === '0' || b[i] === '0') {
    // A zero inside a number counts, a leading zero does not.
    for (let j = i - 1; j >= 0 && isDigitText(a[j]!); j--) {
      if (a[j] === '0') continue;
      x = 1n;
      y = 1n;
      break;
    }
  }
  let endX = i;
  let endY = i;
  for (; endX < a.length && isDigitText(a[endX]!); endX++) x = int64(x * 10n + digitValue(a[endX]!));
  for (; endY < b.length && isDigitText(b[endY]!); endY++) y = int64(y * 10n + digitValue(b[endY]!));
  if (x !== y) return x < y ? -1 : 1;
  return endX !== endY ? endX - endY : undefined;
}

/** The same by code points, for keys beyond ASCII. */
function compareRunes(a: readonly string[], b: readonly string[], library: 'v2' | 'v3'): number {
  const shorter = Math.min(a.length, b.length);
  let digits = false;
  for (let i = 0; i < shorter; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (x === y) {
      digits = isDigitText(x);
      continue;
    }
    const letterX = /\p{L}/u.test(x);
    const letterY = /\p{L}/u.test(y);
    const byCode = x.codePointAt(0)! - y.codePointAt(0)!;
    if (letterX && letterY) return byCode;
    if (letterX || letterY) return (library === 'v3' && digits ? letterX : letterY) ? -1 : 1;
    return compareNumbers(a, b, i) ?? byCode;
  }
  return a.length - b.length;
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
const isAsciiLetter = (code: number) => (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
const isDigitText = (text: string) => (text <= '\x7f' ? text >= '0' && text <= '9' : /\p{Nd}/u.test(text));
const digitValue = (text: string) => BigInt(text.codePointAt(0)! - 0x30);
const int64 = (value: bigint) => BigInt.asIntN(64, value);
