/** Charts from elsewhere: fetched on request or by the setting, never before trust; a server on loopback gives them. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PlanView, Start } from '../../src/protocol/index.ts';
import { releasePreview } from '../../src/server/releases.ts';
import { parseVirtual } from '../../src/server/virtual.ts';
import { type Opened, openFolder } from './open.ts';

const heard: string[] = [];
let broken = false;
let chart: Buffer;
const server = createServer(({ url }, response) => {
  heard.push(url ?? '');
  if (broken) response.writeHead(503).end();
  else if (url === '/index.yaml') response.end('entries: {demo: [{version: 1.2.3, urls: [demo.tgz]}]}\n');
  else response.end(chart);
});

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const file = (path: string, body: string) => ({ header: { name: `demo/${path}`, size: body.length }, body });
  const template =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\ndata: {size: {{ .Values.size | quote }}}\n';
  const tar = await packTar([
    file('Chart.yaml', 'apiVersion: v2\nname: demo\nversion: 1.2.3\n'),
    file('values.yaml', 'size: 1\ncolour: red\n'),
    file('templates/config.yaml', template),
  ]);
  chart = gzipSync(tar);
});
afterAll(() => void server.close());
beforeEach(() => {
  heard.length = 0;
  broken = false;
});

/** A fleet whose only release asks for a chart of the server on loopback. */
function open(start: Partial<Start> = {}): Opened {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return openFolder(
    {
      'clusters/dev/kustomization.yaml': 'resources: [release.yaml]\n',
      'clusters/dev/flux-system/gotk-sync.yaml': `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, path: ./clusters/dev, prune: true, sourceRef: { kind: GitRepository, name: flux-system } }
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, url: https://git.example.com/fleet.git }
`,
      'clusters/dev/release.yaml': `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: { name: demo, namespace: apps }
spec: { url: "${url}" }
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: demo, namespace: apps }
spec:
  interval: 10m
  chart: { spec: { chart: demo, version: 1.x, sourceRef: { kind: HelmRepository, name: demo } } }
  values: { size: 7 }
`,
    },
    start,
  );
}

const never = new AbortController().signal;
const quiet = () => undefined;

async function text({ session, uri }: Opened, show: 'objects' | 'values' = 'objects'): Promise<string> {
  const of = { kind: 'release', show, uri: uri('clusters/dev/release.yaml') } as const;
  const preview = await releasePreview(session, session.doors, of, never);
  return (await session.render(parseVirtual(preview.uri!)!, never)).text;
}

/** Comment lines as the one sentence that they were. */
const unwrapped = (head: string) => head.trimEnd().replaceAll('\n# ', ' ');

const missing = '# chart demo 1.x of HelmRepository apps/demo is not fetched';

test('a chart that is not at hand is said with what to do, and nothing is fetched', async () => {
  const opened = open();
  expect(unwrapped(await text(opened))).toBe(`${missing}: run "Sluice: Fetch Charts"`);
  expect(await text(opened, 'values')).toContain('size: 7  # clusters/dev/release.yaml:13\n');
  expect(heard).toEqual([]);
});

test('the command fetches it, what is open renders again, and the file of the chart is told', async () => {
  const opened = open();
  await text(opened);
  const told = new Promise((resolve) => opened.session.onRendered(resolve));
  const outcome = await opened.session.fetchCharts(quiet, never);
  expect(outcome).toEqual({ ok: true, message: '1 chart at hand.' });
  await told;
  expect(await text(opened)).toContain('size: "7"');
  expect(await text(opened, 'values')).toMatch(/^colour: red {2}# \S+values\.yaml\nsize: 7/);
  expect(readdirSync(join(opened.storage, 'charts'))).toHaveLength(1);
});

test('with the setting, it is fetched as soon as it is asked for', async () => {
  const opened = open({ settings: { kubeconfig: '', fetchCharts: true } });
  const told = new Promise((resolve) => opened.session.onRendered(resolve));
  expect(unwrapped(await text(opened))).toContain('is being fetched');
  await told;
  expect(await text(opened)).toContain('size: "7"');
});

test('an untrusted workspace fetches nothing, whatever the setting and the command say', async () => {
  const opened = open({ trusted: false, settings: { kubeconfig: '', fetchCharts: true } });
  const told = `${missing}: trust the workspace, then run "Sluice: Fetch Charts"`;
  expect(unwrapped(await text(opened))).toBe(told);
  const { ok, message } = await opened.session.fetchCharts(quiet, never);
  expect({ ok, message }).toMatchObject({ ok: false, message: expect.stringContaining('Trust this workspace') });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(heard).toEqual([]);
});

test('a failure is said, and the command tries again', async () => {
  const opened = open();
  broken = true;
  const failed = await opened.session.fetchCharts(quiet, never);
  expect(failed).toMatchObject({ ok: true, warning: true });
  expect(failed.message).toMatch(
    /^0 charts at hand, 1 not: chart demo of HelmRepository apps\/demo could not be fetched/,
  );
  expect(unwrapped(await text(opened))).toContain('could not be fetched');
  broken = false;
  expect(await opened.session.fetchCharts(quiet, never)).toEqual({ ok: true, message: '1 chart at hand.' });
});

test('a canceled run leaves no failure behind', async () => {
  const opened = open();
  const outcome = await opened.session.fetchCharts(quiet, AbortSignal.abort());
  expect(outcome.ok).toBe(false);
  expect(unwrapped(await text(opened))).toContain('is not fetched');
});

test('once the workspace is trusted, what is open says so', async () => {
  const opened = open({ trusted: false });
  await text(opened);
  const told = new Promise((resolve) => opened.session.onRendered(resolve));
  opened.session.link.trust();
  await told;
  expect(unwrapped(await text(opened))).toBe(`${missing}: run "Sluice: Fetch Charts"`);
});

test('a repository that no file declares cannot be fetched from', async () => {
  const opened = open();
  const files = opened.session.files.tree(opened.session.files.folders()[0]!);
  const release = files.file('/clusters/dev/release.yaml')!.text;
  opened.session.files.edit(
    opened.uri('clusters/dev/release.yaml'),
    release.replace('kind: HelmRepository, name: demo', 'kind: HelmRepository, name: other'),
  );
  expect(unwrapped(await text(opened))).toContain('no file of the fleet declares its HelmRepository');
});

test('a plan against a commit renders both sides with the chart', async () => {
  const opened = open();
  const git = (...args: string[]) => execFileSync('git', ['-C', opened.folder, ...args], { stdio: 'ignore' });
  git('init', '--quiet');
  git('remote', 'add', 'origin', 'https://git.example.com/fleet.git');
  git('add', '.');
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', 'fleet');
  const { session } = opened;
  const plan = () => session.planner.make({ against: { kind: 'commit', revision: 'HEAD' }, progress: quiet }, never);
  const said = ({ groups }: PlanView) =>
    groups.flatMap(({ items }) => items).filter(({ object }) => object.name === 'demo' && object.kind === 'ConfigMap');
  expect(said(await plan())).toEqual([]);
  const next = new Promise<PlanView>((resolve) => session.planner.onChange(resolve));
  await session.fetchCharts(quiet, never);
  expect(said(await next).map(({ action }) => action)).toEqual(['unchanged']);
  const release = session.files.tree(session.files.folders()[0]!).file('/clusters/dev/release.yaml')!.text;
  session.files.edit(opened.uri('clusters/dev/release.yaml'), release.replace('size: 7', 'size: 8'));
  expect(said(await plan()).map(({ changes }) => changes)).toEqual([['data.size: 7 → 8']]);
});
