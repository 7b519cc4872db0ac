/** Long texts are looked through by patterns; what they find is what looking at each character finds. */
import { expect, test } from 'vitest';
import { analyze, analyzeEach } from '../../../src/engine/yaml/analyze.ts';

const pieces = [
  ...[
    'a',
    ' ',
    '\n',
    '\t',
    '\r',
    '\x85',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\ufefe',
    '\ufffd',
    '\ufffe',
    '\uffff',
    '\ud800',
  ],
  ...[
    '\udfff',
    '\u{1f600}',
    '\xa0',
    '\x7e',
    '\x7f',
    '\x80',
    '\x9f',
    '\x00',
    '\x1f',
    '€',
    '---',
    '#',
    ': ',
    '\ud7ff',
    '\ue000',
  ],
];

test('every way in which two pieces meet in a long text', () => {
  const wrong: string[] = [];
  for (const a of pieces)
    for (const b of pieces)
      for (const c of ['', ' ', '\n'])
        for (const text of [`${a}${b}\n${'x'.repeat(200)}${c}`, `${'x'.repeat(200)}\n${a}${b}${c}`]) {
          if (JSON.stringify(analyze(text)) !== JSON.stringify(analyzeEach(text))) wrong.push(JSON.stringify(text));
        }
  expect(wrong).toEqual([]);
});
