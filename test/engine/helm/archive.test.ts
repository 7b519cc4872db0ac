/** Packed charts, and what an archive from elsewhere may try: each is a problem that names the archive, and never slow. */
import { gzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { helm } from '../../../src/engine/index.ts';
import { type Entry, tar } from '../go/pack.ts';

const chartYaml = 'apiVersion: v2\nname: demo\nversion: 1.0.0\n';
const good: readonly Entry[] = [
  { name: 'demo/Chart.yaml', data: chartYaml },
  { name: 'demo/values.yaml', data: 'size: 1\n' },
  { name: 'demo/templates/map.yaml', data: 'size: {{ .Values.size }}\n' },
];

const load = (entries: readonly Entry[]) => helm.loadChartArchive(gzipSync(tar(entries)), 'demo.tgz');

function checkRefused(bytes: Uint8Array, message: string | RegExp): void {
  const started = performance.now();
  const { value, problems } = helm.loadChartArchive(bytes, 'demo.tgz');
  expect(value).toBeUndefined();
  expect(problems[0]).toMatchObject({ code: 'helm-chart', severity: 'error' });
  expect(problems[0]!.message).toMatch(message);
  expect(problems[0]!.at?.file).toMatch(/^demo\.tgz/);
  expect(performance.now() - started).toBeLessThan(15_000);
}

const checkEntry = (entry: Entry, message: string | RegExp) => checkRefused(gzipSync(tar([...good, entry])), message);

test('a packed chart is the chart', () => {
  const { value, problems } = load([{ name: 'demo/', type: '5' }, ...good]);
  expect(problems).toEqual([]);
  expect(value?.metadata.name).toBe('demo');
  expect(value?.templates.map(({ name, file }) => [name, file.name])).toEqual([
    ['templates/map.yaml', 'demo.tgz/templates/map.yaml'],
  ]);
});

test('a packed chart inside a packed chart', () => {
  const inner = gzipSync(tar([{ name: 'sub/Chart.yaml', data: chartYaml.replace('demo', 'sub') }]));
  const { value } = load([...good, { name: 'demo/charts/sub-1.0.0.tgz', data: inner }]);
  expect(value?.dependencies.map(({ metadata }) => metadata.name)).toEqual(['sub']);
});

test.each([
  ['demo/../../etc/passwd', 'parent directory'],
  ['demo/a/../../../x', 'parent directory'],
  ['demo/..', 'parent directory'],
  ['demo//etc/passwd', 'absolute paths'],
  ['passwd', 'outside the base directory: "passwd"'],
  ['demo\\..\\..\\x', 'parent directory'],
  ['demo/C:/windows', 'illegally named'],
])('the name %s is refused', (name, message) => {
  checkEntry({ name, data: 'x' }, message);
});

test('Chart.yaml at the top', () => {
  checkRefused(gzipSync(tar([{ name: 'Chart.yaml', data: chartYaml }])), 'chart yaml not in base directory');
});

test.each([
  ['symbolic link', '2'],
  ['hard link', '1'],
  ['character device', '3'],
  ['pipe', '6'],
])('a %s is an empty file, as it is to Helm: nothing is followed', (_title, type) => {
  const { value } = load([...good, { name: 'demo/link', type, link: '../../etc/passwd' }]);
  expect(value?.files.map(({ name, file }) => [name, file.text])).toEqual([['link', '']]);
});

test('a file beyond the limit of one file', () => {
  checkEntry(
    { name: 'demo/large', data: 'x'.repeat(5 * 1024 * 1024 + 1) },
    '"demo/large" is larger than the maximum file size',
  );
});

test.each(['..', '.', 'a/b', '../x'])('a chart with the name %s is refused', (name) => {
  checkRefused(gzipSync(tar([{ name: 'demo/Chart.yaml', data: chartYaml.replace('demo', `"${name}"`) }])), /name/);
});

test('what is no archive', () => {
  checkRefused(new Uint8Array(), 'gzip: invalid header');
  checkRefused(new TextEncoder().encode('<html>not found</html>'), 'gzip: invalid header');
  checkRefused(gzipSync(new TextEncoder().encode('no tar, and long enough. '.repeat(100))), 'tar: invalid header');
  checkRefused(gzipSync(tar([])), 'no files in chart archive');
  checkRefused(gzipSync(tar([{ name: 'demo/README.md', data: 'x' }])), 'Chart.yaml file is missing');
});

test('an archive that ends too early', () => {
  const whole = tar([...good, { name: 'demo/big', data: 'x'.repeat(5000) }]);
  checkRefused(gzipSync(whole.slice(0, whole.length - 4096)), 'unexpected end of archive');
  const packed = gzipSync(whole);
  checkRefused(packed.slice(0, packed.length - 40), /gzip|tar/);
});

test('a bomb is stopped while it unfolds', () => {
  const zeros = gzipSync(new Uint8Array(150 * 1024 * 1024), { level: 1 });
  checkRefused(zeros, /over the limit of 104857600 bytes/);
});

test('charts packed in charts in charts end at a depth', () => {
  let inner = gzipSync(tar(good));
  for (let i = 0; i < 40; i++) inner = gzipSync(tar([...good, { name: 'demo/charts/demo-1.0.0.tgz', data: inner }]));
  checkRefused(inner, /nested too deeply/);
});
