/**
 * A hub and a spoke, Flux in both: the hub's Kustomization brings Flux objects into the spoke (`spec.kubeConfig`), and what
 * those apply is planned, applied, handed back, followed and pruned there, beside the spoke's own controllers.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Layout } from '../../scripts/cluster/layout.ts';
import { createRepository, git, type Repository } from '../../scripts/cluster/repository.ts';
import { down, up } from '../../scripts/cluster/up.ts';
import { openWaysBack } from '../../src/engine/index.ts';
import { type Ran, sluice } from './cli.ts';
import { type Rig, refOf, rig, value } from './rig.ts';
import { suiteDirectory } from './stack.ts';

const name = 'hub-and-spoke';
let hub: Rig;
let spoke: Rig;
let far: Layout;
let fleet: Repository;
let server: string;

const source = (url: string) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: fleet, namespace: ${name} }
spec: { interval: 1h, url: "${url}", ref: { branch: main } }
`;
const kustomization = (of: string, path: string, more = '') => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${of}, namespace: ${name} }
spec:
  interval: 1h
  prune: true
  wait: true
  path: ./${path}
  sourceRef: { kind: GitRepository, name: fleet }
${more}`;
const config = (text: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: ${name} }\ndata: { text: ${text} }\n`;
const web = (replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "registry.local/web:1" }] }
`;
const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: app, namespace: ${name} }
spec:
  interval: 1h
  chart: { spec: { chart: ./charts/app, sourceRef: { kind: GitRepository, name: fleet } } }
`;

const ks = (of: string) => refOf('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', name, of);
const settings = refOf('v1', 'ConfigMap', name, 'settings');
const args = () => [fleet.folder, '--cluster', 'clusters/hub', '--context', 'sluice-loopback'];
const run = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  sluice(hub.layout, words, { env });
const all = ({ out, err }: Ran) => out + err;
const at = (commit: string) => (live: { readonly status?: unknown }) =>
  (live.status as { lastAppliedRevision?: string } | undefined)?.lastAppliedRevision === `main@sha1:${commit}`;

beforeAll(async () => {
  hub = rig();
  const dir = `${suiteDirectory()}-spoke`;
  rmSync(dir, { recursive: true, force: true });
  far = await up({ dir, part: 'full' });
  spoke = rig(far);
  server = `https://127.0.0.1:${far.ports.api}`;
  fleet = await createRepository(hub.layout, name);
  const { url } = fleet;
  const commit = await fleet.commit({
    'clusters/hub/gotk-sync.yaml': `${source(url)}---\n${kustomization('hub', 'clusters/hub')}`,
    'clusters/hub/spoke.yaml': kustomization('spoke', 'clusters/spoke', '  kubeConfig: { secretRef: { name: far } }\n'),
    'clusters/spoke/flux.yaml': `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n---\n${source(url)}---\n${kustomization('apps', 'apps')}`,
    'apps/settings.yaml': config('one'),
    'apps/web.yaml': web(1),
    'charts/app/Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.2.3\n',
    'charts/app/templates/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: of-release }\n',
  });
  await git(hub.layout, fleet.folder, ['config', 'user.name', 'Sluice']);
  await git(hub.layout, fleet.folder, ['config', 'user.email', 'sluice@example.com']);
  await hub.kubectl(['create', 'namespace', name]);
  await hub.kubectl(['create', 'secret', 'generic', 'far', '-n', name, `--from-file=value=${far.kubeconfig}`]);
  const sync = readFileSync(join(fleet.folder, 'clusters/hub/gotk-sync.yaml'), 'utf8');
  await hub.kubectl(['apply', '--server-side', '--field-manager=flux', '-f', '-'], sync);
  await hub.until(ks('spoke'), at(commit));
  await spoke.until(ks('apps'), at(commit));
  await spoke.ready(ks('apps'));
});
afterAll(async () => {
  await hub.kubectl(['delete', 'kustomization', '--all', '-n', name, '--timeout=120s']);
  await hub.kubectl(['delete', 'namespace', name, '--wait=false']);
  await down(far);
  rmSync(far.dir, { recursive: true, force: true });
});

test('an edit of what the spoke itself applies: planned, guarded, applied there beside its controllers, handed back', async () => {
  const same = await run(['diff', ...args()]);
  expect(same.code, all(same)).toBe(0);
  fleet.write({ 'apps/settings.yaml': config('two'), 'apps/web.yaml': web(2), 'apps/release.yaml': release });
  const diff = await run(['diff', ...args()]);
  expect(diff.out).toContain(`it stands in ${server} itself`);
  const unasked = await run(['apply', ...args()]);
  expect(unasked.err).toContain(` and ${server} (Secret ${name}/far): say so with --yes`);
  const readOnly = await run(['apply', ...args(), '--yes'], { SLUICE_READ_ONLY: `${server}*` });
  expect(readOnly.err).toContain(`${server} is read-only here`);

  const generation = async () => {
    const live = value(await spoke.cluster.get(refOf('apps/v1', 'Deployment', name, 'web')));
    return (live.metadata as { generation: number }).generation;
  };
  const home = value(await hub.cluster.get(ks('spoke')));
  const applied = await run(['apply', ...args(), '--yes', '--wait']);
  expect(applied.code, all(applied)).toBe(0);
  expect(applied.out).toContain(`applied ConfigMap ${name}/settings in ${server}`);
  expect(applied.out).toContain(`applied ConfigMap ${name}/of-release in ${server}`);
  expect(applied.out).toContain(`--context sluice-loopback --through ${name}/far`);
  expect(value(await spoke.cluster.get(settings)).data).toEqual({ text: 'two' });
  expect(await hub.cluster.get(settings)).toMatchObject({ ok: false, failure: { reason: 'not-found' } });
  expect(value(await spoke.cluster.get(ks('apps')))).toMatchObject({ spec: { suspend: true } });
  expect(value(await hub.cluster.get(ks('spoke'))).spec).toEqual(home.spec);
  const stood = await generation();
  const again = await run(['diff', ...args()]);
  expect(again.code, all(again)).toBe(0);

  const open = value(await openWaysBack(hub.cluster)).filter(({ owner }) => owner.namespace === name);
  expect(open.map(({ owner, away }) => `${owner.kind} ${owner.name} in ${away?.remote.server}`)).toEqual([
    `Kustomization apps in ${server}`,
    `HelmRelease app in ${server}`,
  ]);
  const push = ['push', ...args(), '-m', 'Two', '--yes', '--timeout', '240'];
  const barred = await run(push, { SLUICE_PROTECTED: `${server}*` });
  expect(barred.err).toContain(`${server} is protected`);
  const pushed = await run(push);
  expect(pushed.code, all(pushed)).toBe(0);
  expect(pushed.out).toContain(`Kustomization ${name}/apps in ${server} is resumed`);
  expect(pushed.out).toContain(`HelmRelease ${name}/app in ${server} is resumed`);
  expect(pushed.out).toContain(`workloads: Deployment ${name}/web in ${server} is there`);
  expect(await generation()).toBe(stood);
  const history = value(await spoke.cluster.get(refOf('helm.toolkit.fluxcd.io/v2', 'HelmRelease', name, 'app')));
  expect(history).toMatchObject({ status: { history: [{ version: 1, status: 'deployed' }] } });
  expect(value(await openWaysBack(hub.cluster)).filter(({ owner }) => owner.namespace === name)).toEqual([]);
});

test('taken back by resume, through the Secret that leads there', async () => {
  fleet.write({ 'apps/settings.yaml': config('three') });
  const applied = await run(['apply', ...args(), '--yes']);
  expect(applied.code, all(applied)).toBe(0);
  const words = [
    'resume',
    'kustomization/apps',
    '-n',
    name,
    '--context',
    'sluice-loopback',
    '--through',
    `${name}/far`,
  ];
  const barred = await run(words, { SLUICE_READ_ONLY: `${server}*` });
  expect(barred.err).toContain(`${server} is read-only here`);
  const resumed = await run(words);
  expect(resumed.code, all(resumed)).toBe(0);
  // Flux goes by what is pushed.
  await spoke.until(settings, ({ data }) => (data as { text: string }).text === 'two');
  fleet.write({ 'apps/settings.yaml': config('two') });
});

test('a Flux object of the spoke that goes takes along what it applied there', async () => {
  const text = readFileSync(join(fleet.folder, 'clusters/spoke/flux.yaml'), 'utf8');
  fleet.write({ 'clusters/spoke/flux.yaml': text.split('---\n').slice(0, 2).join('---\n') });
  const applied = await run(['apply', ...args(), '--yes', '--prune']);
  expect(applied.code, all(applied)).toBe(0);
  expect(applied.out).toContain(`Kustomization ${name}/apps in ${server}: deleted`);
  expect(await spoke.cluster.get(settings)).toMatchObject({ ok: false, failure: { reason: 'not-found' } });
  const after = await run(['diff', ...args()]);
  expect(after.code, all(after)).toBe(0);
});
