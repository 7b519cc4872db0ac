/**
 * Random charts and random `--set` lines, by the real helm 3 and helm 4 and by us: the same values, files and metadata, or
 * an error for both. The dice are seeded (SLUICE_SEED, SLUICE_ROUNDS for more), so that a failure comes again.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { helm, parse, toJson } from '../../src/engine/index.ts';
import { diskTree } from '../../src/io/disk.ts';
import { toolPath } from '../engine/helm/charts.ts';

const rounds = Number(process.env.SLUICE_ROUNDS ?? 60);
let seed = 1;

function dice(sides: number): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % sides;
}

function pick<T>(from: readonly T[]): T {
  return from[dice(from.length)]!;
}

type Files = Record<string, string>;

/** Everything that a template sees of its chart, as one document. */
const dump = `kind: Dump
chart: {{ .Chart | toJson | quote }}
values: {{ .Values | toJson | quote }}
files: {{ $f := list }}{{ range $k, $_ := .Files }}{{ $f = append $f $k }}{{ end }}{{ $f | toJson | quote }}
text: {{ .Files.Get "files/a.txt" | quote }}
`;

const anything = ['1', 'true', 'yes', 'null', '""', 'text', '[a, 1]', '{a: b}', '[]', '[[a]]', '[null]', '{a: {b: c}}'];
const odd: readonly string[] = [
  ...anything,
  '2001-01-01',
  '0x10',
  '"a\\tb"',
  '{a: b',
  '!!str 5',
  '12345678901234567890',
];
const fields: Readonly<Record<string, readonly string[]>> = {
  sources: ['[a, 1]', 'a'],
  keywords: ['[a]', '[[a]]'],
  maintainers: ['[{name: a, email: b}]', '[{name: [a]}]', '[null]', '[{x: 1}]'],
  deprecated: ['true', '"true"', 'no'],
  annotations: ['{a: b, c: 1, d: null}', '{a: [b]}'],
  type: ['application', 'other'],
  kubeVersion: ['">=1.20.0-0"', '"x"'],
  tags: ['"a\\nb"', '5'],
  unknown: odd,
  home: odd,
  Icon: odd,
  dependencies: [
    '[{name: sub, version: 1.x}]',
    '[{name: sub, version: 1.x, alias: other}]',
    '[{name: sub, version: 1.x, condition: sub.use}]',
    '[{name: sub, version: 1.x, tags: [a], import-values: [data, {child: a, parent: b}, 1]}]',
    '[{name: sub, version: 1.x, tags: a}]',
    '[{name: sub, version: 1.x}, {name: sub, version: 1.x}]',
    '[{name: gone, version: 1.x}]',
    'text',
    '[null]',
  ],
};
const values = [
  'a: 1\n',
  '- a\n',
  'null\n',
  '',
  'a: 1\n---\nb: 2\n',
  'a: 1\n---\n- x\n',
  'a: 1\n...\nb: 2\n',
  'a: 1\na: 2\n',
  'a: &x {b: 1}\nc: {<<: *x, d: 2}\n',
  'a: yes\nb: NO\n"c": y\n',
  'a: 12345678901234567890\nb: 0x1F\nc: 010\nd: 1_000\n',
  'a: 2001-01-01\nb: 12:30:45\n',
  'a: !!binary aGVsbG8=\n',
  '1: a\ntrue: b\n1.5: c\n',
  'null: a\n',
  '? [a]\n: b\n',
  'a: .nan\n',
  '\uFEFFa: 1\n',
  'a: 1\r\nb: 2\r\n',
  'a:\n\tb: 1\n',
  'a: *nope\n',
  'sub: {x: 1, use: false, data: {z: 1}}\nglobal: {g: 1}\n',
  'sub: 5\n',
  'exports: {data: {q: 1}}\n',
];
const ignores = [
  '*.txt\n',
  'files/\n',
  '/files\n',
  '!files/a.txt\n',
  '**\n',
  '[\n',
  'f*\n',
  'charts/\n',
  '\uFEFF*.txt\n',
  '*.txt\r\n',
];
const more: readonly (readonly [path: string, texts: readonly string[]])[] = [
  ['values.schema.json', ['{}', '{', '{"type": "string"}', '\uFEFF{}']],
  ['Chart.lock', ['dependencies: []\n', '- a\n', 'generated: soon\n', 'generated: "2020-01-01T00:00:00Z"\n', '{']],
  ['requirements.yaml', ['dependencies: [{name: sub, version: 1.x}]\n', 'description: there\n', '- a\n', '']],
  ['requirements.lock', ['{}', 'generated: 5\n']],
  ['.hidden', ['x']],
  ['a b.md', ['x']],
  ['templates/.y.yaml', ['{{ broken']],
  ['charts/README.md', ['x']],
  ['charts/.x', ['x']],
  ['charts/empty/x.txt', ['x']],
  ['charts/broken.tgz', ['x']],
  ['charts/sub.prov', ['x']],
];
const subcharts = [
  'version: 1.0.0\n',
  'version: 1.5.0\ntype: library\n',
  'kubeVersion: "<1.0.0"\nversion: 1.0.0\n',
  '',
];

function randomChart(): Files {
  const lines = [`apiVersion: ${pick(['v1', 'v2', 'v2'])}`, `name: ${dice(9) === 0 ? pick(odd) : 'demo'}`];
  lines.push(`version: ${dice(9) === 0 ? pick(['v1', '01.2', 'x', '""', '1']) : '1.2.3'}`);
  for (let i = dice(3); i > 0; i--) {
    const name = pick(Object.keys(fields));
    if (!lines.some((line) => line.startsWith(`${name}:`))) lines.push(`${name}: ${pick(fields[name]!)}`);
  }
  const mark = dice(20) === 0 ? '\uFEFF' : '';
  const files: Files = {
    'Chart.yaml': `${mark}${lines.join(dice(20) === 0 ? '\r\n' : '\n')}\n${dice(30) === 0 ? '---\n{ broken' : ''}`,
    'templates/dump.yaml': dump,
    'files/a.txt': pick(['one\ntwo\n', '\uFEFFx', 'a\r\nb']),
  };
  if (dice(5) > 0) files['values.yaml'] = pick(values);
  if (dice(4) === 0) files['.helmignore'] = pick(ignores);
  for (let i = dice(3); i > 0; i--) {
    const [path, texts] = pick(more);
    files[path] = pick(texts);
  }
  if (dice(2) === 0) {
    files['charts/sub/Chart.yaml'] = `apiVersion: v2\nname: sub\n${pick(subcharts)}`;
    files['charts/sub/values.yaml'] = pick(values);
    files['charts/sub/templates/sub.yaml'] = 'kind: Sub\nvalues: {{ .Values | toJson | quote }}\n';
  }
  return files;
}

const keys = [
  'a',
  'a.b',
  'a[0]',
  'a[1]',
  'b[0].c',
  'b[2][1]',
  'c[',
  'a[-1]',
  'a[x]',
  '',
  '.',
  'a.',
  'a[0]b',
  'a\\.b',
  'é',
];
const plain = [
  '1',
  'true',
  'NULL',
  '007',
  '1.5',
  '9223372036854775808',
  '',
  '{a,b}',
  '{',
  '{1,null}',
  'a=b',
  'a\\,b',
  '"q"',
];
const jsons = [
  '1',
  '"x,y"',
  'null',
  '',
  '{"a":[1,{"b":null}]}',
  '[1,',
  '1.5e3',
  '01',
  '1.',
  'truex',
  ' 5 ',
  '12345678901234567890',
];
const flags = { set: 'typed', 'set-string': 'string', 'set-json': 'json', 'set-literal': 'literal' } as const;
type Line = readonly [flag: keyof typeof flags, line: string];

/** In the order in which helm takes the flags. */
function randomLines(): readonly Line[] {
  const out: Line[] = [];
  for (const flag of ['set-json', 'set', 'set-string', 'set-literal'] as const) {
    if (dice(2) === 0) continue;
    const one = () => `${pick(keys)}${dice(9) === 0 ? '' : '='}${pick(flag === 'set-json' ? jsons : plain)}`;
    out.push([
      flag,
      dice(9) === 0 && flag === 'set-json' ? '{"a":{"b":1}}' : dice(2) === 0 ? one() : `${one()},${one()}`,
    ]);
  }
  return out;
}

type Outcome = { readonly documents: readonly string[] } | { readonly error: string };

function documents(texts: readonly string[]): readonly string[] {
  const shown = (text: string) => {
    const root = parse(text, 'out').documents[0]?.root;
    return root === undefined
      ? []
      : [JSON.stringify(toJson(root, 'sigs'), (_, v) => (typeof v === 'bigint' ? String(v) : v))];
  };
  return texts.flatMap(shown).sort();
}

async function byHelm(tool: string, folder: string, lines: readonly Line[]): Promise<Outcome> {
  const args = ['template', 'rel', folder, ...lines.flatMap(([flag, line]) => [`--${flag}`, line])];
  try {
    const { stdout } = await promisify(execFile)(tool, args, { encoding: 'utf8' });
    return { documents: documents(stdout.split(/^---$/m)) };
  } catch (cause) {
    return { error: String((cause as { stderr?: string }).stderr ?? cause) };
  }
}

function byUs(version: 3 | 4, folder: string, lines: readonly Line[]): Outcome {
  const at = { file: 'line', start: 0, end: 0 };
  const chart = helm.loadChartFolder(diskTree('/'), folder, undefined, version);
  if (chart.value === undefined) return { error: chart.problems.map(({ message }) => message).join('; ') };
  const given = helm.table(at);
  for (const [flag, line] of lines) {
    const error = helm.setValues(given, line, flags[flag], at, { helm: version });
    if (error !== undefined) return { error };
  }
  const rendered = helm.renderChart({
    chart: chart.value,
    values: given,
    release: { name: 'rel', namespace: 'default', isUpgrade: false, revision: 1 },
    capabilities: helm.defaultCapabilities(version),
  });
  if (rendered.value === undefined) return { error: rendered.problems.map(({ message }) => message).join('; ') };
  return { documents: documents(rendered.value.manifests.map(({ text }) => text)) };
}

describe.each([3, 4] as const)('helm %i', (version) => {
  const tool = toolPath(`helm${version}`);
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-charts-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  async function compare(title: string, files: Files, lines: readonly Line[]): Promise<void> {
    const folder = join(root, title);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const [theirs, ours] = [await byHelm(tool!, folder, lines), byUs(version, folder, lines)];
    const both = JSON.stringify({ files, lines, theirs, ours }, undefined, 1);
    if ('error' in theirs) expect('error' in ours, `only helm refuses: ${both}`).toBe(true);
    else expect(ours, both).toEqual(theirs);
  }

  test.skipIf(tool === undefined)('takes random charts as we do', async () => {
    seed = Number(process.env.SLUICE_SEED ?? 20_261);
    for (let i = 0; i < rounds; i++) await compare(`chart-${i}`, randomChart(), []);
  });

  test.skipIf(tool === undefined)('takes random lines of values as we do', async () => {
    seed = Number(process.env.SLUICE_SEED ?? 20_262);
    const files = { 'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.2.3\n', 'templates/dump.yaml': dump };
    for (let i = 0; i < rounds; i++) await compare('lines', files, randomLines());
  });
});
