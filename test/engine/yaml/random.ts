/** The same texts and values in every run: a seeded generator and the odd pieces that YAML trips over. */

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

/** Pieces of YAML that make sense next to each other now and then. */
export const tokens: readonly string[] = [
  ...[
    'a',
    'b',
    'key',
    'a: ',
    'b: ',
    '- ',
    '- ',
    '-',
    '? ',
    ': ',
    ':',
    'x y z',
    '1',
    'true',
    'null',
    '~',
    'é',
    '\u{1f600}',
  ],
  ...['\n', '\n', '\n', '\n  ', '\n  ', '\n    ', '\n ', '  ', ' ', '\n\n', '\r\n', '\t', 'foo\n  bar', '\u2028'],
  ...['"', '"x"', '"x: y"', "'", "'it''s'", '[', ']', '{', '}', ',', ', ', '{a: b}', '[a, b]', '"a\\tb"', '{a: , b}'],
  ...['|', '|\n', '|-\n', '>+\n', '>\n', '|2\n', '#', ' # c', '&x ', '*x', '<<: *x', '!!str ', '!!int ', '!foo '],
  ...['...', '%', '@', '`', '\\', '\\n', '\\\n', '\\u0041', '\\x4', '- - ', '0x1F', '2020-01-01', 'on', '.inf'],
];

/** A text of a few random pieces, well-formed by luck. */
export function scramble(random: () => number): string {
  let text = '';
  const count = 1 + Math.floor(random() * 14);
  for (let i = 0; i < count; i++) text += pick(random, tokens);
  return text;
}

/** A text with one to three small injuries. */
export function injure(random: () => number, text: string): string {
  let out = text;
  const count = 1 + Math.floor(random() * 3);
  for (let i = 0; i < count; i++) {
    const at = Math.floor(random() * out.length);
    const gone = random() < 0.5 ? Math.floor(random() * 4) : 0;
    out = out.slice(0, at) + (random() < 0.7 ? pick(random, tokens) : '') + out.slice(at + gone);
  }
  return out;
}
