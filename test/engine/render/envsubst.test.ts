/** The variable language of postBuild: our own table, and the library's own rows where its module is in the Go cache. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { substitute } from '../../../src/engine/render/envsubst.ts';

function check(template: string, variables: Readonly<Record<string, string>>, expected: string | { error: string }) {
  const outcome = substitute(template, (name) => variables[name]);
  if (typeof expected === 'string') expect(outcome.ok ? outcome.value.text : outcome.fault.message).toBe(expected);
  else expect(outcome.ok ? outcome.value.text : outcome.fault.message).toContain(expected.error);
}

test.each([
  ['plain text', 'plain text'],
  ['$A stays, $ too', '$A stays, $ too'],
  ['${A}', 'abc'],
  ['$${A}', '${A}'],
  ['$$${A}', '$abc'],
  ['$$', '$'],
  ['a$$b$$$$c', 'a$b$$c'],
  ['${#A} ${#U}', '3 6'],
  ['${A^} ${A^^} ${B,} ${B,,}', 'Abc ABC xYZ xyz'],
  ['${U^^}', 'ÉÀÖ'],
  ['${A:1} ${A:1:1} ${A:-2}', 'bc b abc'],
  ['${A:0:-1} ${A:9} ${A:x}', 'ab  abc'],
  ['${P#*/} ${P##*/} ${P%/*} ${P%%/*}', 'b/c c a/b a'],
  ['${P/b/X} ${P//\\//-} ${P/#a/X} ${P/%c/X}', 'a/X/c a-b-c X/b/c a/b/X'],
  ['${N=d} ${N:=d} ${N:-d} ${N:+d} ${N:?d}', 'd d d d d'],
  ['${N:=a ${A} b}', 'a abc b'],
  ['${A:+d}', 'abc'],
  ['${N:=}', ''],
  ['${N:-$$}', '$$'],
])('%s', (template, expected) => {
  check(template, { A: 'abc', B: 'XYZ', P: 'a/b/c', U: 'éàö' }, expected);
});

test.each([
  ['${A', 'missing closing brace'],
  ['${A-d}', 'missing closing brace'],
  ['${a.b}', 'missing closing brace'],
  ['${{x}}', 'unable to parse variable name'],
  ['${}', 'unable to parse variable name'],
  ['${#}', 'bad substitution'],
  ['${A:}', 'unable to parse substitution within function'],
  ['${A/x}', 'bad substitution'],
  ['${N}', 'variable not set (strict mode): "N"'],
  ['${#N}', 'variable not set (strict mode): "N"'],
  ['${A:=${N}}', 'variable not set (strict mode): "N"'],
])('%s is refused', (template, message) => check(template, { A: 'abc' }, { error: message }));

test('a fault is at its token', () => {
  const outcome = substitute('a: ${A}\nb: ${NOPE}\n', (name) => (name === 'A' ? '1' : undefined));
  expect(outcome).toMatchObject({ ok: false, fault: { start: 11, end: 18, variable: 'NOPE' } });
});

test('pieces tell where each stretch came from', () => {
  const outcome = substitute('x$$${A}y', () => '12');
  expect(outcome.ok && outcome.value).toEqual({
    text: 'x$12y',
    pieces: [
      { start: 0, end: 1, from: 0, to: 1 },
      { start: 1, end: 2, from: 1, to: 3 },
      { start: 2, end: 4, from: 3, to: 7, variables: ['A'] },
      { start: 4, end: 5, from: 7, to: 8 },
    ],
  });
});

test('hostile nesting is refused, not followed', () => {
  check('${A:-'.repeat(100_000), {}, { error: 'nested too deeply' });
});

const modules = process.env.GOMODCACHE ?? join(homedir(), 'go/pkg/mod');
const room = join(modules, 'github.com/fluxcd/pkg');
const library = existsSync(room) ? readdirSync(room).find((name) => name.startsWith('envsubst@')) : undefined;

test.skipIf(library === undefined)(
  'the rows of the library itself (skipped without fluxcd/pkg/envsubst in the Go cache)',
  () => {
    const source = readFileSync(join(room, library!, 'eval_test.go'), 'utf8');
    const row =
      /params:\s*map\[string\]string\{([^}]*)\},\s*input:\s*(`[^`]*`|"(?:[^"\\]|\\.)*"),\s*output:\s*(`[^`]*`|"(?:[^"\\]|\\.)*")/g;
    const unquote = (text: string) => (text.startsWith('`') ? text.slice(1, -1) : (JSON.parse(text) as string));
    let rows = 0;
    for (const [, params, input, output] of source.matchAll(row)) {
      const pairs = [...params!.matchAll(/("(?:[^"\\]|\\.)*"):\s*("(?:[^"\\]|\\.)*")/g)];
      const variables = Object.fromEntries(pairs.map(([, key, value]) => [unquote(key!), unquote(value!)]));
      const outcome = substitute(unquote(input!), (name) => variables[name] ?? '');
      expect(outcome.ok ? outcome.value.text : outcome.fault.message, input).toBe(unquote(output!));
      rows++;
    }
    console.log(`envsubst: ${rows} rows of the library pass`);
    expect(rows).toBeGreaterThan(30);
  },
);
