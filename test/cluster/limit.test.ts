/** Charts that never come to an end, in the very bundles that people run: the command line and the language server. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { tar } from '../engine/go/pack.ts';
import { sluice } from './cli.ts';
import { type Rig, rig } from './rig.ts';

let it: Rig;
beforeAll(() => {
  it = rig();
});

type Files = Readonly<Record<string, string>>;

const chart = (name: string, more: Files = {}): Files => ({
  [`charts/${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
  [`charts/${name}/templates/out.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`,
  ...more,
});

/** Each definition asks the next one twice: 2^60 questions. */
const doubling = JSON.stringify({
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries([
    ...Array.from({ length: 60 }, (_, i) => {
      const next = { $ref: `#/$defs/d${i + 1}` };
      return [`d${i}`, { anyOf: [next, next] }] as const;
    }),
    ['d60', { type: 'string' }],
  ]),
});

/** A large table, and small documents that are each merged into a copy of it. */
const manyDocuments = () => {
  const keys = Array.from({ length: 200_000 }, (_, i) => `k${i}: 1\n`).join('');
  return `${keys}${'---\na: 1\n'.repeat(100_000)}`;
};

const release = (name: string) => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: ${name}, namespace: apps }
spec:
  interval: 10m
  chart: { spec: { chart: ./charts/${name}, sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system } } }
`;

/** A fleet of a chart without an end beside a good one; and another such chart that no release takes: its schema has a budget of steps, too. */
function fleet(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-endless-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files: Files = {
    'clusters/one/gotk-sync.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1h, url: "http://127.0.0.1:1/none.git" }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1h, path: ./clusters/one, sourceRef: { kind: GitRepository, name: flux-system } }
`,
    'clusters/one/read.yaml': release('read'),
    'clusters/one/good.yaml': release('good'),
    ...chart('checked', { 'charts/checked/values.schema.json': doubling }),
    // A chart's values are no manifest: nobody reads this file but the chart's loader.
    ...chart('read', { 'charts/read/values.yaml': manyDocuments() }),
    ...chart('good'),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const ended = /stopped: chart \S*read\b.* takes longer than its limit of 10 s: the reading of \S+ did not end/;

test('sluice template ends by itself, whether the chart is read or checked', async () => {
  const folder = fleet();
  for (const name of ['checked', 'read']) {
    const ran = await sluice(it.layout, ['template', 'x', join(folder, 'charts', name), '--time-limit', '1']);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/takes longer than its limit of 1 s: the .* did not end/);
    expect(ran.err.match(/stopped: /g)).toHaveLength(1);
    expect(ran.out).toBe('');
  }
});

test('archives in archives unfold no further than their common budget', { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-endless-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const yaml = (name: string) => `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`;
  // No file is too large by itself, nor is one of the archives.
  const data = new Uint8Array(4.5 * 1024 * 1024);
  const big = Array.from({ length: 20 }, (_, i) => ({ name: `s/big${i}`, data }));
  const inner = gzipSync(tar([{ name: 's/Chart.yaml', data: yaml('s') }, ...big]));
  const many = Array.from({ length: 30 }, (_, i) => ({
    name: `z/charts/s${i}-1.0.0.tgz`,
    data: new Uint8Array(inner),
  }));
  writeFileSync(join(folder, 'z.tgz'), gzipSync(tar([{ name: 'z/Chart.yaml', data: yaml('z') }, ...many])));
  const ran = await sluice(it.layout, ['template', 'x', join(folder, 'z.tgz')]);
  expect(ran.code).toBe(2);
  expect(ran.err).toMatch(/unpacked size is over the limit|takes longer than its limit/);
});

test('sluice build goes on with the rest of the fleet', { timeout: 240_000 }, async () => {
  const ran = await sluice(it.layout, ['build', fleet()]);
  expect(ran.code).toBe(1);
  expect(ran.out).toContain('name: good');
  expect(ran.err).toMatch(ended);
  expect(ran.err.match(/stopped: /g)).toHaveLength(1);
});

test('the language server answers again, and shows the rest', { timeout: 240_000 }, async () => {
  const folder = fleet();
  const bundle = fileURLToPath(new URL('../../out/cluster-suite/server.js', import.meta.url));
  const child = spawn(process.execPath, [bundle, '--stdio'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH, HOME: it.layout.file('home'), KUBECONFIG: '/nowhere' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const server = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  server.onClose(() => undefined);
  server.listen();
  await server.sendRequest('initialize', {
    processId: process.pid,
    capabilities: {},
    rootUri: null,
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'fleet' }],
    initializationOptions: { settings: { kubeconfig: '' }, trusted: false },
  });
  await server.sendNotification('initialized', {});
  const document = async (name: string): Promise<string> => {
    const uri = pathToFileURL(join(folder, `clusters/one/${name}.yaml`)).href;
    const found = await server.sendRequest<{ uri?: string }>('sluice/preview', {
      of: { kind: 'release', show: 'objects', uri },
    });
    return (await server.sendRequest<{ text: string }>('sluice/document', { uri: found.uri })).text.replace(
      /\n# /g,
      ' ',
    );
  };
  expect(await document('read')).toMatch(/chart \S*read .*takes longer than its limit of 10 s/);
  expect(await document('good')).toContain('name: good');
  expect(child.exitCode).toBeNull();
});
