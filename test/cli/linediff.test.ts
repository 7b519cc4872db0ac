/** The line difference: it rebuilds both texts, and no shorter one exists. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffLines, hunks } from '../../src/cli/linediff.ts';

const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });

test('property: both texts are in it, with as many common lines as there can be', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const lines = diffLines(a.join('\n'), b.join('\n'));
      expect(lines.filter(({ kind }) => kind !== 'added').map((line) => line.text)).toEqual(a);
      expect(lines.filter(({ kind }) => kind !== 'removed').map((line) => line.text)).toEqual(b);
      expect(lines.filter(({ kind }) => kind === 'same').length).toBe(longestCommon(a, b));
      for (const { text: line, before, after } of lines) {
        if (before !== undefined) expect(a[before]).toBe(line);
        if (after !== undefined) expect(b[after]).toBe(line);
      }
    }),
    { numRuns: 500 },
  );
});

test('property: hunks hold every difference once', () => {
  fc.assert(
    fc.property(text, text, fc.nat(3), (a, b, around) => {
      const lines = diffLines(a.join('\n'), b.join('\n'));
      const shown = hunks(lines, around).flatMap((hunk) => hunk.lines);
      expect(new Set(shown).size).toBe(shown.length);
      expect(shown.filter(({ kind }) => kind !== 'same')).toEqual(lines.filter(({ kind }) => kind !== 'same'));
    }),
  );
});

test('very long differences end soon', () => {
  const many = (from: number) => Array.from({ length: 6000 }, (_, index) => `line ${from + index}`).join('\n');
  expect(diffLines(many(0), many(100_000)).length).toBe(12_000);
});

function longestCommon(a: readonly string[], b: readonly string[]): number {
  const best = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let x = 1; x <= a.length; x += 1) {
    for (let y = 1; y <= b.length; y += 1) {
      best[x]![y] = a[x - 1] === b[y - 1] ? best[x - 1]![y - 1]! + 1 : Math.max(best[x - 1]![y]!, best[x]![y - 1]!);
    }
  }
  return best[a.length]![b.length]!;
}
