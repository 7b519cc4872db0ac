/**
 * The room against the Go libraries themselves: frozen tables (UPDATE_GOLDEN=1 asks the oracle again), and with the
 * oracle at hand every input file of the conformance corpus.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jsonFault } from '../../../src/engine/yaml/fault.ts';
import { get, type Node } from '../../../src/engine/yaml/node.ts';
import { parse } from '../../../src/engine/yaml/parse.ts';
import { marshal, marshalPretty, printAll } from '../../../src/engine/yaml/print.ts';
import { type Json, resolvePlain } from '../../../src/engine/yaml/resolve.ts';
import { type Answer, ask, hasOracle, type Question } from './oracle.ts';
import { injure, pick, scramble, seeded } from './random.ts';

interface Row {
  readonly text: string;
  readonly go: readonly Answer[];
}

/** The table of a name: read from its file, or asked of the oracle again. */
function golden(name: string, modes: readonly Question['mode'][], texts: () => readonly string[]): readonly Row[] {
  const file = join(import.meta.dirname, 'golden', `${name}.json`);
  if (process.env.UPDATE_GOLDEN !== undefined && hasOracle) {
    const asked = texts();
    const answers = ask(asked.flatMap((text) => modes.map((mode) => ({ mode, text }))));
    const rows = asked.map((text, i) => ({ text, go: answers.slice(i * modes.length, (i + 1) * modes.length) }));
    writeFileSync(file, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Row[];
}

const words =
  'y Y yes on On n N no off OFF true True TRUE tRUE false null Null NULL ~ nil .inf .Inf +.inf -.INF .nan .NaN nan inf ' +
  '0 -0 +0 0.0 -0.0 00 007 08 09 0777 0o777 0O17 0o8 -0o7 -0b1 +0b1 0b102 0x 0xg 1_000 _1 1__0 1_ +_1 + . .. .5 .5_0 ' +
  '.5_ ._5 5. 1.e3 1e3 1E3 1e+3 1e-3 1e 1e400 -1e400 1e-400 9223372036854775807 9223372036854775808 ' +
  '-9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616 +18446744073709551615 ' +
  '0xFFFFFFFFFFFFFFFF 123456789012345678901234567890 190:20:30 1:30 2020-01-01 2020-1-1 2020-02-30 2020-13-01 ' +
  '2020-01-01T00:00:00Z 2020-01-01t1:2:3z 2020-01-01T1:2:3.123456789123+07:00 2020-01-01T1:2:3,5-00:00 ' +
  '2020-01-01T24:00:00Z 1.0 1.10 1e6 1234567.5 0.00001 1e21 1e20 .e5 .5e10 = << 0b-1 0b+1 -0b-1 0o-7 0b_1 0_1 -_ ' +
  '1.2.3 v1 10Gi 100m -5 +12e03 -.5 +.5 .5.5 Infinity .Infinity 0x1p4 1,000 192.168.0.1 12:30:45 1e1000000 0e0';

function scalarTexts(): readonly string[] {
  const random = seeded(1);
  const parts = [
    '0',
    '1',
    '7',
    '9',
    'f',
    '_',
    '.',
    'e',
    '+',
    '-',
    '0x',
    '0b',
    '0o',
    ':',
    'T',
    'Z',
    '2020-01-01',
    '5',
    '00',
  ];
  const texts = new Set(words.split(' '));
  while (texts.size < 700) {
    const text = Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(random, parts)).join('');
    if (!/:$|^-$/.test(text)) texts.add(text);
  }
  return [...texts];
}

test('plain scalars resolve as in both Go libraries', () => {
  const wrong: string[] = [];
  const rows = golden('scalars', ['kyaml', 'sigs'], () => scalarTexts().map((text) => `v: ${text}\n`));
  for (const { text, go } of rows) {
    const scalar = text.slice(3, -1);
    const [kyaml, sigs] = go as [Answer, Answer];
    const printed = printAll(roots(text), 'kyaml');
    if (kyaml.error === undefined ? printed !== kyaml.output : !isRefused(text))
      wrong.push(`kyaml ${scalar}: ${printed}`);
    const value = resolvePlain(scalar, 'sigs');
    const json = typeof value === 'string' ? goJson(value) : goNumber(value);
    const expected = sigs.error === undefined ? sigs.output.slice('{"v":'.length, -1) : 'null';
    if (json !== expected) wrong.push(`sigs ${scalar}: ${json}, not ${expected}`);
  }
  expect(wrong).toEqual([]);
  expect(rows.length).toBeGreaterThan(600);
});

/** A number as Go's JSON writes it; infinities, which it refuses, as null. */
function goNumber(value: null | boolean | number | bigint): string {
  if (typeof value !== 'number') return String(value);
  return Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : String(value)) : 'null';
}

/** Whether the room finds the fault for which kustomize refuses a text. */
function isRefused(text: string): boolean {
  const { documents, problems } = parse(text, 'go.yaml');
  return (
    problems.length > 0 ||
    documents.some(({ root }) => root !== undefined && !isNull(root) && jsonFault(root) !== undefined)
  );
}

function roots(text: string): readonly Node[] {
  const { documents } = parse(text, 'go.yaml');
  const found = documents.flatMap(({ root }) => (root === undefined || isNull(root) ? [] : [root]));
  // kustomize's reader unwraps a list that stands alone.
  const only = documents.length === 1 ? found[0] : undefined;
  const kind = get(only, 'kind');
  const items = get(only, 'items');
  const wrapped = kind?.kind === 'scalar' && ['List', 'ResourceList'].includes(kind.text) && items?.kind === 'sequence';
  return wrapped ? items.items : found;
}

function isNull(node: Node): boolean {
  if (node.kind !== 'scalar' || node.style !== 'plain' || node.tag !== undefined) return false;
  return resolvePlain(node.text, 'kyaml') === null;
}

const pieces = [
  ...[
    'a',
    'b',
    ' ',
    '  ',
    '\n',
    '\n\n',
    ':',
    ': ',
    ' #',
    '#',
    '- ',
    '? ',
    "'",
    '"',
    '\\',
    '\t',
    '{',
    '}',
    '[',
    ']',
    ',',
    '&',
    '*',
  ],
  ...[
    '!',
    '|',
    '>',
    '%',
    '@',
    '`',
    '0',
    '1',
    '_',
    '.',
    'yes',
    'no',
    'true',
    'null',
    '~',
    '0x1f',
    '12:30',
    '2020-01-01',
    '<<',
    '=',
  ],
  ...[
    'é',
    '漢',
    '\u{1f600}',
    '\u2028',
    '\u00a0',
    '\u0000',
    '\u001b',
    '\r',
    '---',
    '...',
    '\ufeff',
    '<',
    'longer words here ',
    'word ',
  ],
];

function randomValue(random: () => number, depth: number): Json {
  const text = () =>
    Array.from({ length: Math.floor(random() * (random() < 0.2 ? 40 : 6)) }, () => pick(random, pieces)).join('');
  const numbers = [
    0,
    -1,
    1.5,
    1e6,
    1e21,
    1e20,
    1e-7,
    0.0001,
    0.00001,
    123456.5,
    1234567.5,
    5e-324,
    2 ** 53,
    1 / 3,
    1e16,
  ];
  const kind = depth > 4 ? 0 : random();
  if (kind < 0.6) return kind < 0.45 ? text() : pick<Json>(random, [null, true, false, text(), pick(random, numbers)]);
  if (kind < 0.8) return Array.from({ length: Math.floor(random() * 4) }, () => randomValue(random, depth + 1));
  const out: Record<string, Json> = Object.create(null);
  const keys = [
    'a1',
    'a10',
    'a2',
    'a02',
    'b',
    'B',
    'a-b',
    'a.b',
    '1',
    '10',
    'é1',
    'y',
    'n',
    'x'.repeat(130),
    'k k',
    'a00',
  ];
  for (let i = Math.floor(random() * 6); i > 0; i--) {
    out[random() < 0.5 ? text() : pick(random, keys)] = randomValue(random, depth + 1);
  }
  return out;
}

/** JSON as Go writes it, which is what reaches its YAML printer. */
function goJson(value: Json): string {
  const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escaped);
}

test('values are written as toYaml and toYamlPretty write them', () => {
  const random = seeded(2);
  const texts = () => Array.from({ length: 500 }, () => goJson(randomValue(random, 0)));
  const wrong: string[] = [];
  for (const { text, go } of golden('values', ['marshal', 'pretty'], texts)) {
    const value = JSON.parse(text) as Json;
    if (marshal(value) !== go[0]?.output) wrong.push(`toYaml of ${text}`);
    if (marshalPretty(value) !== go[1]?.output) wrong.push(`toYamlPretty of ${text}`);
  }
  expect(wrong).toEqual([]);
});

const story = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: "web"}}
spec:
  template:
    spec:
      containers:
      - name: web  # the one
        image: 'nginx:1.25'
        args: &args ["--a", -b]
        command:
          - sh
          - |
            set -e
            exec web
      - <<: {image: x}
        args: *args
        env: >-
          folded
          text
`;

/** What the room knowingly does otherwise, by Go's answer and ours. */
function knownDifference(text: string, answer: Answer, problem: string | undefined): string | undefined {
  if (problem?.includes('document has already ended')) return 'kustomize reads no further than the end of the root';
  if (/^[&!]\S*\s+[\],}]/m.test(text.trim())) return 'likewise, behind a root that is nothing but its properties';
  if (answer.error === undefined && /!\S+\s+(?:\w+:|<<)/.test(text)) return 'a tag on a key';
  return undefined;
}

test('texts, whole and broken, are read as kustomize reads them', () => {
  const random = seeded(3);
  const isOne = (text: string) =>
    !/\n---|\n\.\.\.|^---[\s\S]*\n---|^\.\.\.|\r\n---/.test(text) && !text.includes('&x - *x');
  const make = () => (random() < 0.2 ? injure(random, story) : scramble(random));
  const texts = () =>
    Array.from({ length: 1200 }, make)
      .filter(isOne)
      .filter((text) => !/&x[\s\S]*\*x/.test(text));
  const wrong: string[] = [];
  for (const { text, go } of golden('texts', ['kyaml'], texts)) {
    const answer = go[0]!;
    const { problems } = parse(text, 'go.yaml');
    if (knownDifference(text, answer, problems[0]?.message) !== undefined) continue;
    if (answer.error !== undefined) {
      if (!isRefused(text)) wrong.push(`${JSON.stringify(text)}: Go says ${answer.error}`);
    } else if (problems.length > 0) wrong.push(`${JSON.stringify(text)}: we say ${problems[0]?.message}`);
    else if (roots(text).every((node) => node.kind !== 'scalar') && printAll(roots(text), 'kyaml') !== answer.output) {
      wrong.push(`${JSON.stringify(text)}: printed otherwise`);
    }
  }
  expect(wrong).toEqual([]);
});

const corpus = process.env.SLUICE_CONFORMANCE ?? join(import.meta.dirname, '../../../../shared/conformance');
const missing = !hasOracle
  ? 'needs the yaml-oracle'
  : existsSync(corpus)
    ? undefined
    : `no conformance data at ${corpus}`;

test.skipIf(missing !== undefined)(
  `every conformance input prints as Go prints it${missing ? ` (${missing})` : ''}`,
  () => {
    const files = yamlFiles(corpus);
    const texts = files.map((file) => readFileSync(file, 'utf8'));
    const wrong: string[] = [];
    ask(texts.map((text) => ({ mode: 'kyaml', text }))).forEach((answer, i) => {
      const text = texts[i]!;
      const same = answer.error === undefined ? printAll(roots(text), 'kyaml') === answer.output : isRefused(text);
      if (!same) wrong.push(files[i]!);
    });
    expect(wrong).toEqual([]);
    expect(files.length).toBeGreaterThan(100);
  },
);

function yamlFiles(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) return yamlFiles(path);
    return /\.ya?ml$/.test(name) ? [path] : [];
  });
}
