/** `sluice check` on real folders: its output in each format, and its exit codes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { check } from '../../src/cli/commands/check.ts';

const bad = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\nfoo: 1\ndata: { a: 2 }\n';

async function run(folder: string, output?: string): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await check.run({
    words: [folder],
    options: output === undefined ? {} : { output },
    cwd: folder,
    env: {},
    out: (text) => (out += text),
    err: (text) => (err += text),
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

function folder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'sluice-check-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test('the example fleet: nothing to say, 0', async () => {
  const fleet = fileURLToPath(new URL('../../examples/my-fleet', import.meta.url));
  expect(await run(fleet)).toEqual({ code: 0, out: 'no problems\n', err: '' });
});

test('problems as a compiler prints them, 1', async () => {
  expect(await run(folder({ 'a/b.yaml': bad }))).toEqual({
    code: 1,
    out: [
      'a/b.yaml:4:1: error: Unknown field "foo". [schema-unknown-field]',
      'a/b.yaml:5:12: error: data.a must be a string, not the number 2: write it in quotes. [schema-type]',
      '2 errors\n',
    ].join('\n'),
    err: '',
  });
});

test('as JSON', async () => {
  const { code, out } = await run(folder({ 'b.yaml': bad }), 'json');
  expect(code).toBe(1);
  expect(JSON.parse(out)[0]).toEqual({
    code: 'schema-unknown-field',
    severity: 'error',
    message: 'Unknown field "foo".',
    file: 'b.yaml',
    place: 'b.yaml:4:1',
    start: 53,
    end: 56,
  });
});

test('as SARIF 2.1.0', async () => {
  const { out } = await run(folder({ 'b c.yaml': bad }), 'sarif');
  const log = JSON.parse(out);
  expect(log.version).toBe('2.1.0');
  expect(log.runs[0].tool.driver.rules.map((rule: { id: string }) => rule.id)).toEqual([
    'schema-type',
    'schema-unknown-field',
  ]);
  expect(log.runs[0].results[0]).toEqual({
    ruleId: 'schema-unknown-field',
    ruleIndex: 1,
    level: 'error',
    message: { text: 'Unknown field "foo".' },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'b%20c.yaml', uriBaseId: '%SRCROOT%' },
          region: { startLine: 4, startColumn: 1, endLine: 4, endColumn: 4 },
        },
      },
    ],
  });
});

test('no such folder: 2, and why', async () => {
  const { code, err } = await run(join(folder({}), 'nowhere'));
  expect(code).toBe(2);
  expect(err).toMatch(/is no folder/);
});
