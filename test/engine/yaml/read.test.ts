/** Reading: what origins point at, how problems read, comments, limits; and that nothing ends the process. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFault } from '../../../src/engine/yaml/fault.ts';
import { getPath, type Node } from '../../../src/engine/yaml/node.ts';
import { comments, parse, parseFile } from '../../../src/engine/yaml/parse.ts';
import { marshal, print, printWithSpans } from '../../../src/engine/yaml/print.ts';
import { type Json, toJson } from '../../../src/engine/yaml/resolve.ts';
import { injure, scramble, seeded } from './random.ts';

/** The text under the origin of the node at a path. */
function checkOrigin(yaml: string, path: readonly (string | number)[], expected: string): void {
  const { documents, problems } = parse(yaml, 'a.yaml');
  expect(problems).toEqual([]);
  const node = getPath(documents[0]?.root, path);
  expect(node?.at.file).toBe('a.yaml');
  expect(yaml.slice(node?.at.start, node?.at.end)).toBe(expected);
}

/** The value of the first document. */
function checkValue(yaml: string, expected: Json): void {
  const { documents, problems } = parse(yaml, 'a.yaml');
  expect(problems).toEqual([]);
  expect(JSON.parse(JSON.stringify(toJson(documents[0]!.root!, 'kyaml')))).toEqual(expected);
}

/** The problem of a text, with the text that it points at. */
function checkProblem(yaml: string, message: string, points: string): void {
  const { documents, problems } = parse(yaml, 'a.yaml');
  expect(problems.map((problem) => problem.message)).toEqual([message]);
  expect(yaml.slice(problems[0]?.at?.start, problems[0]?.at?.end)).toBe(points);
  expect(documents.every((document) => document.root === undefined)).toBe(true);
}

describe('origins', () => {
  test('name the scalar as written, quotes included', () => {
    const yaml = 'a: "x"\nb:\n- 1\n- {c: \'d\'}\nf: |\n  one\n  two\ng: end # c\n';
    checkOrigin(yaml, ['a'], '"x"');
    checkOrigin(yaml, ['b', 0], '1');
    checkOrigin(yaml, ['b', 1], "{c: 'd'}");
    checkOrigin(yaml, ['b', 1, 'c'], "'d'");
    checkOrigin(yaml, ['b'], "- 1\n- {c: 'd'}");
    checkOrigin(yaml, ['f'], '|\n  one\n  two');
    checkOrigin(yaml, ['g'], 'end');
    checkOrigin(yaml, [], yaml.slice(0, yaml.indexOf(' # c')));
  });

  test('of an alias are those of its anchor', () => {
    checkOrigin('a: &x {b: 1}\nc: *x\n', ['c', 'b'], '1');
    checkOrigin('a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n', ['c', 'b'], '1');
  });

  test('count UTF-16 units and a byte-order mark', () => {
    checkOrigin('\ufeffa: "\u{1f600}"\nb: c\n', ['b'], 'c');
  });

  test('of an empty value stand behind its colon', () => {
    const { documents } = parse('a:\nb: 1\n', 'a.yaml');
    expect(getPath(documents[0]?.root, ['a'])?.at).toEqual({ file: 'a.yaml', start: 2, end: 2 });
  });
});

describe('values', () => {
  test('merge keys give way to own keys, and the first of several wins', () => {
    checkValue('x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 0\n', {
      x: { a: 1, b: 1 },
      y: { b: 2, c: 2 },
      z: { a: 0, b: 1, c: 2 },
    });
  });

  test('yaml.v2 merges over what was written before', () => {
    const { documents } = parse('x: &x {a: 1}\nw: {a: 0, <<: *x}\nz: {<<: *x, a: 0}\n', 'a.yaml', 'sigs');
    expect(JSON.stringify(toJson(documents[0]!.root!, 'sigs'))).toBe('{"x":{"a":1},"w":{"a":1},"z":{"a":0}}');
  });

  test('tags decide', () => {
    checkValue('a: !!str 1\nb: !!binary aGk=\nc: !!float 1\nd: !local x\n', { a: '1', b: 'hi', c: 1, d: 'x' });
  });

  test('every way to write a key', () => {
    checkValue('"a b": 1\n? c\n: 2\n? d\n\'e\': 3\n&k f: 4\n', { 'a b': 1, c: 2, d: null, e: 3, f: 4 });
    checkValue('{a, "b":1, ? c : 2, d: }\n', { a: null, b: 1, c: 2, d: null });
    checkValue('[a: 1, {b: 2}, ? c]\n', [{ a: 1 }, { b: 2 }, { c: null }]);
  });
});

describe('problems', () => {
  test('point at the place and say what Go says', () => {
    checkProblem('a: b: c\n', 'mapping values are not allowed in this context', ':');
    checkProblem('a: 1\n  b: 2\n', 'mapping values are not allowed in this context', ':');
    checkProblem('a: 1\nb\nc: 2\n', "could not find expected ':'", 'b');
    checkProblem('a:\n- "1"\n b: 2\n', "did not find expected '-' indicator", 'b');
    checkProblem('a: - b\n', 'block sequence entries are not allowed in this context', '-');
    checkProblem('a:\n\tb: 1\n', 'found character that cannot start any token: a tab cannot indent', '\t');
    checkProblem('a: [1, 2\nb: 3\n', "did not find expected ',' or ']'", ':');
    checkProblem('a: "x\n', 'found unexpected end of stream: a quoted scalar is not closed', '"');
    checkProblem('a: *x\n', "unknown anchor 'x' referenced", '*x');
    checkProblem('a: &x [*x]\n', "anchor 'x' value contains itself", '*x');
    checkProblem('{{ .Values.x }}: 1\n', 'invalid map key: a key must be a scalar, not a collection', '{ .Values.x }');
    checkProblem('a: @b\n', 'found character that cannot start any token', '@');
    checkProblem('a: \0\n', 'control characters are not allowed (U+0000)', '\0');
  });

  test('cost only their own document', () => {
    const { documents, problems } = parse('a: 1\n---\nb: [\n---\nc: 3\n', 'a.yaml');
    expect(documents.map(({ root }) => root && toJson(root, 'kyaml'))).toEqual([{ a: 1 }, undefined, { c: 3 }]);
    expect(problems).toHaveLength(1);
  });

  test('duplicate keys are reported at both places and leave the document readable', () => {
    const yaml = 'a: 1\nb: {c: 1, c: 2}\na: 3\n';
    const { documents, problems } = parse(yaml, 'a.yaml');
    expect(problems.map(({ code, at, related }) => [code, at?.start, related?.[0]?.at.start])).toEqual([
      ['yaml-duplicate-key', 15, 9],
      ['yaml-duplicate-key', 21, 0],
    ]);
    expect(documents[0]?.root).toBeDefined();
  });

  test('files that are no UTF-8 are refused', () => {
    const file = (bytes: Uint8Array) => ({ name: 'a.yaml', bytes, text: new TextDecoder().decode(bytes) });
    const bytes = (...values: readonly number[]) => Uint8Array.from(values);
    expect(parseFile(file(bytes(0xff, 0xfe, 0x61, 0))).problems[0]?.message).toContain('UTF-16');
    expect(parseFile(file(bytes(0x61, 0x3a, 0x20, 0xe9))).problems[0]?.message).toContain('invalid UTF-8');
    expect(parseFile(file(bytes(0x61, 0x3a, 0x20, 0xef, 0xbf, 0xbd))).problems).toEqual([]);
    const once = file(bytes(0x61));
    expect(parseFile(once)).toBe(parseFile(once));
  });
});

test('what JSON cannot say is named at its place', () => {
  const checkFault = (yaml: string, points: string | undefined) => {
    const fault = jsonFault(parse(yaml, 'a.yaml').documents[0]!.root!);
    expect(fault && yaml.slice(fault.at.start, fault.at.end)).toBe(points);
  };
  checkFault('a: {1: x}\n', '1');
  checkFault('a: [{true: x}]\n', 'true');
  checkFault('a: -.inf\n', '-.inf');
  checkFault('a: !!int foo\n', 'foo');
  checkFault('a: !!binary "?"\n', '"?"');
  checkFault('1: x\n"2": {"3": !!int 4, on: 5}\n', undefined);
  checkFault('null: x\n', 'null');
});

test('comments are found, number signs in scalars are not', () => {
  const yaml = '# top\na: "# no" # yes\nb: x#no\nc: |  # head\n  # no\n# last\n--- # doc\nd: [1, # in\n  2]\n';
  expect(comments(yaml).map((comment) => comment.text)).toEqual([
    '# top',
    '# yes',
    '# head',
    '# last',
    '# doc',
    '# in',
  ]);
  for (const { start, end, text } of comments(yaml)) expect(yaml.slice(start, end)).toBe(text);
});

test('documents know their part of the text', () => {
  const yaml = '# c\n---\na: 1\n---\n---\nb: 2\n...\n---\nc: 3\n';
  const { documents } = parse(yaml, 'a.yaml');
  expect(documents.map(({ root }) => root && print(root, 'kyaml'))).toEqual(['a: 1\n', undefined, 'b: 2\n', 'c: 3\n']);
  for (const { at, root } of documents) if (root) expect(root.at.start >= at.start && root.at.end <= at.end).toBe(true);
});

test('spans lead from the printed text to the source', () => {
  const yaml = 'b:\n  - x: "1"\n    long: |\n      l1\n      l2\na: {}\n';
  const { root } = parse(yaml, 'a.yaml').documents[0]!;
  const { text, spans } = printWithSpans(root!, 'kyaml');
  expect(text).toBe(print(root!, 'kyaml'));
  const pairs = spans.map(({ start, end, at }) => [text.slice(start, end), yaml.slice(at.start, at.end)]);
  expect(pairs).toContainEqual(['"1"', '"1"']);
  expect(pairs).toContainEqual(['x', 'x']);
  expect(pairs).toContainEqual(['{}', '{}']);
  expect(pairs).toContainEqual(['|\n    l1\n    l2\n', '|\n      l1\n      l2']);
  expect(pairs.map(([printed]) => printed)).toContain('- long: |\n    l1\n    l2\n  x: "1"');
});

describe('limits', () => {
  const levels = 'abcdefghi';
  const laughs = [...levels].map(
    (name, i) => `${name}: &${name} [${Array(9).fill(i === 0 ? 'x' : `*${levels[i - 1]}`)}]`,
  );
  const keys = Array.from({ length: 20_000 }, (_, i) => `key${i}: &a${i} v${i}`).join('\n');
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['billion laughs', laughs.join('\n'), 'document contains excessive aliasing'],
    ['5,000 brackets', '['.repeat(5000), 'nested more than 400 levels deep'],
    ['5,000 dashes', '- '.repeat(5000), 'nested more than 400 levels deep'],
    ['5,000 question marks', '? '.repeat(5000), 'nested more than 400 levels deep'],
    ['20,000 keys and anchors', keys, undefined],
    ['a line beyond the limit', `a: ${'x'.repeat(34_000_000)}`, 'the file has more than 32 Mi characters'],
    ['a long line', `a: ${'x '.repeat(5_000_000)}`, undefined],
    ['a lone surrogate', 'a: \ud800', 'control characters are not allowed (U+D800)'],
    ['a million colons', 'a: '.repeat(1_000_000), 'mapping values are not allowed in this context'],
    ['a million lines', 'a: |\n' + '  x\n'.repeat(1_000_000), undefined],
  ];
  test.each(cases)('%s', (_, yaml, message) => {
    const started = performance.now();
    const { problems } = parse(yaml, 'a.yaml');
    expect(problems[0]?.message).toBe(message);
    // Generous, for a busy machine: these take milliseconds.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('properties', () => {
  const json = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('yes', 'null', '012', ' x', 'a\n b\n', 'a: b', '# c', '2020-01-01', '\t', 'x '.repeat(60)),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 4 }),
    ),
  })).value;

  test('what is printed reads back as the same value, in both dialects', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = marshal(value);
        const { documents, problems } = parse(text, 'a.yaml');
        expect(problems).toEqual([]);
        const plain = JSON.parse(JSON.stringify(value)) as Json;
        const readable =
          text.trim() === 'null' ? null : JSON.parse(JSON.stringify(toJson(documents[0]!.root!, 'sigs')));
        expect(readable).toEqual(plain);
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  test('no input throws, and every origin lies inside the text', () => {
    const random = seeded(11);
    const valid = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "a"\ndata:\n  k: |\n    x\n  l: [a, {b: c}]\n';
    for (let i = 0; i < 4000; i++) {
      const yaml =
        i % 3 === 0 ? valid.slice(0, i % valid.length) : i % 3 === 1 ? injure(random, valid) : scramble(random);
      const { documents, problems } = parse(yaml, 'a.yaml');
      for (const { at } of problems) expect(at!.start <= at!.end && at!.end <= yaml.length).toBe(true);
      for (const { root } of documents) if (root) checkInside(root, yaml.length);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void parse(text, 'a.yaml')),
      { numRuns: 500, seed: 7 },
    );
  });

  function checkInside(node: Node, length: number): void {
    if (node.at.start > node.at.end || node.at.end > length)
      throw new Error(`${node.at.start}-${node.at.end} of ${length}`);
    if (node.kind === 'sequence') for (const item of node.items) checkInside(item, length);
    if (node.kind === 'mapping') for (const { value } of node.entries) checkInside(value, length);
  }
});
