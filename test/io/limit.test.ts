/** Work for one chart that never comes back is ended from outside, and told as one problem; the rest of the fleet goes on. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { template } from '../../src/cli/commands/template.ts';
import {
  createRenderer,
  type Kustomizer,
  openWorkspace,
  type RendererOptions,
  type SourceFile,
  type Workspace,
} from '../../src/engine/index.ts';
import { chartLimit } from '../../src/io/limit.ts';
import { invoke } from '../cli/invoke.ts';
import { type Files, kustomization, kustomizer, open, sync, treeOf } from '../engine/render/check.ts';

/** Never comes back by itself, as far as a limit is concerned; where no limit works, the test fails after a while. */
function stuck(): never {
  const end = performance.now() + 30_000;
  while (performance.now() < end) {
    try {
      while (performance.now() < end);
    } catch {}
  }
  throw new Error('nothing ended this');
}

const chart = (name: string, text: string, more: Files = {}): Files => ({
  [`charts/${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.2.3\n`,
  [`charts/${name}/templates/out.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata:\n  v: ${text}\n`,
  ...more,
});

const release = (name: string, more = '') => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: ${name}, namespace: apps}
spec:
  interval: 10m
  chart: {spec: {chart: ./charts/${name}, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}
${more}`;

const fleet = (more = ''): Files => ({
  'clusters/one/flux-system/gotk-sync.yaml': sync(),
  'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps'),
  'apps/releases.yaml': [release('before'), release('bad', more), release('after')].join('---\n'),
  ...chart('before', 'x'),
  ...chart('bad', '{{ now | date "2006" }}'),
  ...chart('after', 'x'),
});

/** The release `bad` has one problem, said at that text of its chart, and the others have their objects. */
function checkEnded(files: Files, options: Partial<RendererOptions>, message: RegExp, place: RegExp): void {
  const renderer = createRenderer({ kustomizer: kustomizer(), limit: chartLimit(1), ...options });
  const sets = renderer.renderCluster(open(files), '/clusters/one');
  const [before, bad, after] = ['before', 'bad', 'after'].map(
    (name) => sets.find(({ owner }) => owner.id.name === name)!,
  );
  expect([before?.problems, after?.problems]).toEqual([[], []]);
  expect([before?.objects.length, bad?.objects.length, after?.objects.length]).toEqual([1, 0, 1]);
  expect(bad?.complete).toBe(false);
  expect(bad?.problems.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  const { file, start, end } = bad!.problems[0]!.at!;
  expect(files[file]!.slice(start, end)).toMatch(place);
}

test('a call that never returns is told at its template line', () => {
  const message = /^bad\/templates\/out.yaml:5:.*stopped: chart bad takes longer than its limit of 1 s$/s;
  checkEnded(fleet(), { clock: { now: stuck } }, message, /^now/);
});

test('post renderers that never return', () => {
  const real = kustomizer();
  const slow: Kustomizer = {
    build: (request) => (request.tree.file('/helm-release.yaml') === undefined ? real.build(request) : stuck()),
  };
  const patched = fleet('  postRenderers: [{kustomize: {patches: [{patch: "{}", target: {kind: X}}]}}]\n');
  const message = /^stopped: chart bad takes longer than its limit of 1 s: the .* post renderers did not end$/;
  checkEnded(patched, { kustomizer: slow }, message, /^apiVersion: v2/);
});

/** The files, one of which is never read to its end once the folder is open. */
function stuckAt(files: Files, path: string): Workspace {
  const tree = treeOf(files);
  let isOpen = false;
  const file = (asked: string): SourceFile | undefined => {
    const found = tree.file(asked);
    if (found === undefined || asked !== path) return found;
    return {
      ...found,
      get text() {
        return isOpen ? stuck() : found.text;
      },
    };
  };
  const workspace = openWorkspace({ ...tree, file }, { remotes: [] });
  isOpen = true;
  return workspace;
}

test.each([
  ['/charts/bad/Chart.yaml', /the reading of charts\/bad\/Chart.yaml did not end$/],
  ['/charts/bad/values.yaml', /the reading of charts\/bad\/values.yaml did not end$/],
  ['/charts/bad/.helmignore', /the reading of \/charts\/bad did not end$/],
  ['/charts/bad/templates/out.yaml', /the parse of bad\/templates\/out.yaml did not end$/],
  ['/charts/bad/values.schema.json', /the check of its values did not end$/],
  ['/charts/bad/crds/one.yaml', /did not end$/],
])('a chart that is never read to its end: %s', (path, message) => {
  const files = fleet();
  const more = {
    'charts/bad/values.yaml': 'a: 1\n',
    'charts/bad/.helmignore': 'x\n',
    'charts/bad/values.schema.json': '{}',
  };
  const workspace = stuckAt({ ...files, ...more, 'charts/bad/crds/one.yaml': 'a: 1\n' }, path);
  const renderer = createRenderer({ kustomizer: kustomizer(), limit: chartLimit(0.5) });
  const sets = renderer.renderCluster(workspace, '/clusters/one');
  const [before, bad, after] = ['before', 'bad', 'after'].map((name) =>
    sets.find(({ owner }) => owner.id.name === name),
  );
  expect([before?.objects.length, bad?.objects.length, after?.objects.length]).toEqual([1, 0, 1]);
  expect(bad?.problems.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  expect(bad?.problems[0]).toMatchObject({
    code: 'helm-limit',
    at: { file: expect.stringMatching(/charts\/bad|apps/) },
  });
});

test('values that are never merged, and those of a reference that are never read', () => {
  const files = fleet('  valuesFrom: [{kind: ConfigMap, name: given}]\n');
  const given =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: given, namespace: apps}\ndata: {values.yaml: "a: 1"}\n';
  const workspace = stuckAt(
    { ...files, 'apps/given.yaml': given, 'charts/bad/values.yaml': 'a: 1\n' },
    '/charts/bad/values.yaml',
  );
  const renderer = createRenderer({ kustomizer: kustomizer(), limit: chartLimit(0.5) });
  const [release] = workspace.find({ kind: 'HelmRelease', namespace: 'apps', name: 'bad' });
  const merged = renderer.mergedValues(release!, workspace);
  expect(merged.problems.map(({ message }) => message)).toEqual([expect.stringMatching(/values.yaml did not end$/)]);
  const textOf = workspace.textOf;
  const endless = Object.create(workspace, {
    textOf: { value: (file: string) => (file === 'apps/given.yaml' ? stuck() : textOf(file)) },
  });
  const sets = createRenderer({ kustomizer: kustomizer(), limit: chartLimit(0.5) }).renderCluster(
    endless,
    '/clusters/one',
  );
  const bad = sets.find(({ owner }) => owner.id.name === 'bad');
  expect(bad?.problems.some(({ message }) => /did not end$/.test(message))).toBe(true);
});

test('what was ended stands while nothing changed, and is tried again when somebody asks for it', () => {
  let now = stuck as () => number;
  const renderer = createRenderer({ kustomizer: kustomizer(), limit: chartLimit(0.5), clock: { now: () => now() } });
  const workspace = open(fleet());
  const bad = () => renderer.renderCluster(workspace, '/clusters/one').find(({ owner }) => owner.id.name === 'bad');
  expect(bad()?.objects).toEqual([]);
  now = () => 0;
  expect(bad()?.objects).toEqual([]);
  renderer.retry();
  expect(bad()).toMatchObject({ problems: [], objects: [{ id: { name: 'bad' } }] });
});

test('what was ended leaves nothing half done: the same renderer renders it once it can', () => {
  let now = stuck as () => number;
  const renderer = createRenderer({ kustomizer: kustomizer(), limit: chartLimit(1), clock: { now: () => now() } });
  const bad = (files: Files) =>
    renderer.renderCluster(open(files), '/clusters/one').find(({ owner }) => owner.id.name === 'bad');
  expect(bad(fleet())?.objects).toEqual([]);
  now = () => 0;
  expect(bad(fleet('  targetNamespace: x\n'))).toMatchObject({ problems: [], objects: [{ id: { name: 'bad' } }] });
});

test.each<[string, () => unknown]>([
  ['a loop', () => stuck()],
  ['a search that goes back and forth', () => /(a+)+$/.test(`${'a'.repeat(60)}b`)],
  ['a sleep', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15_000)],
  ['a limit inside that is longer', () => chartLimit(10).within!(stuck)],
  ['an inner one that was ended, too', () => [chartLimit(0.01).within!(stuck), stuck()]],
])('ended: %s', (_title, work) => {
  expect(chartLimit(0.5).within!(work)).toEqual({ expired: true });
});

test('what work throws is its own, and what it answers, too', () => {
  const own = new TypeError('own');
  const answer = {};
  const { within } = chartLimit(5);
  expect(() =>
    within!(() => {
      throw own;
    }),
  ).toThrow(own);
  expect(within!(() => within!(() => answer))).toEqual({ value: { value: answer } });
});

test('sluice template: a function that takes long ends at --time-limit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'limit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // The templates look at the clock between the functions that they call, and never within one.
  for (const [path, text] of Object.entries(chart('slow', '{{ genPrivateKey "rsa" | len }}'))) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const ran = await invoke(template, ['one', join(folder, 'charts/slow'), '--time-limit', '0.001']);
  expect(ran).toMatchObject({ code: 2, out: '' });
  expect(ran.err).toMatch(
    /slow\/templates\/out.yaml:5:.*stopped: (chart slow|the rendering) takes longer than its limit of 0.001 s/s,
  );
});
